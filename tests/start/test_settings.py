"""Settings from the environment: typed, loud, documented."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from groundswell.config import cli, database, env
from tests.at_once import HANGS_S

ROOT = Path(__file__).parent.parent.parent


def start(tmp_path, *words, **settings):
    """Run the command with only these settings."""
    clean = {key: value for key, value in os.environ.items() if key.lower() not in env.Env.model_fields}
    return subprocess.run(
        [sys.executable, "-m", "groundswell", *words],
        env={**clean, "GROUNDSWELL_HOME": str(tmp_path), **settings},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=HANGS_S,
    )


def test_where_there_is_no_database_a_command_that_reads_says_so_and_makes_none(tmp_path):
    done = start(tmp_path, "ledger", "verify")
    assert done.returncode == 1 and done.stderr.startswith("There is no database in") and "Traceback" not in done.stderr
    assert not (tmp_path / "postgres").exists()


def test_a_database_without_tables_is_one_sentence_until_there_is_an_owner(tmp_path):
    tmp_path.chmod(0o755)
    with database.running(tmp_path / "postgres"):
        done = start(tmp_path, "ledger", "verify")
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and "has not all tables" in done.stderr
        assert start(tmp_path, "owner", "dana@example.org").returncode == 0
        assert "nothing altered" in start(tmp_path, "ledger", "verify").stdout


def refusal(monkeypatch, tmp_path, **settings):
    """What the command says as it stops. In this process, which has loaded what each start of its own would load."""
    for name in [key for key in os.environ if key.lower() in env.Env.model_fields]:
        monkeypatch.delenv(name)
    for name, value in {"GROUNDSWELL_HOME": str(tmp_path), **settings}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["groundswell", "check"])
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    env.load.cache_clear()
    try:
        with pytest.raises(SystemExit) as stopped:
            cli.main()
    finally:
        env.load.cache_clear()
    return stopped.value.code  # words: Python prints them and exits with 1


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", "perhaps", "true or false"),
        ("BASE_URL", "example.org", "http"),
        ("BASE_URL", "https://example.org/", "slash"),
        ("DATABASE_URL", "mysql://here", "postgresql://"),
        ("EMAIL_URL", "carrier-pigeon", "smtp://"),
        ("SECRET_KEY", "short", "50"),
        ("SECOND_FACTOR", "maybe", "required or offered"),
        ("TRUSTED_PROXIES", "-1", "0 to 5"),
        ("LOG_LEVEL", "LOUD", "WARNING"),
        ("EMAIL_URL", "smtp://host:notaport", "smtp://"),
        ("EMAIL_URL", "smtp://", "host"),
        ("BASE_URL", "http://[bad", "http"),
        ("BASE_URL", "https://x.org/sub", "no path"),
        ("FROM_EMAIL", "nonsense", "email address"),
        ("TILE_URL", "nonsense", "https://"),
        ("TILE_URL", "https://tiles.example/", "{z}"),
        ("DATABASE_URL", "postgresql://u:p@h:xx/db", "port"),
    ],
)
def test_a_malformed_setting_stops_the_start_with_its_name_and_what_was_expected(
    monkeypatch, tmp_path, name, value, expected
):
    said = refusal(monkeypatch, tmp_path, **{name: value})
    assert name in said and expected in said


def test_two_malformed_settings_are_both_named(tmp_path):
    done = start(tmp_path, "check", DEBUG="perhaps", LOG_LEVEL="LOUD")
    assert done.returncode != 0
    assert "DEBUG" in done.stderr and "LOG_LEVEL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_is_named_without_a_traceback(tmp_path):
    done = start(tmp_path, "check", GROUNDSWELL_HOME="/etc/passwd")
    assert done.returncode != 0
    assert "GROUNDSWELL_HOME" in done.stderr and "a folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_value_is_not_repeated_in_the_error(tmp_path):
    done = start(tmp_path, "check", SECRET_KEY="hunter2")
    assert "SECRET_KEY" in done.stderr and "hunter2" not in done.stderr


def test_a_secret_is_made_on_first_run_and_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDSWELL_HOME", str(tmp_path))
    first = env.Env().secret()
    assert len(first) >= 50
    assert env.Env().secret() == first
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_a_damaged_secret_stops_the_start(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDSWELL_HOME", str(tmp_path))
    (tmp_path / "secret").write_text("")
    with pytest.raises(env.BadSettings, match="damaged"):
        env.Env().secret()


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in env.Env.model_fields if f"`{name.upper()}`" not in text] == []


def test_without_arguments_the_command_explains_itself(tmp_path):
    done = start(tmp_path)
    assert done.returncode == 0
    for word in ("demo", "serve", "doctor", "import events", "ledger verify"):
        assert word in done.stdout
