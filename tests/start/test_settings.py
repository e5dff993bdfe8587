"""Settings from the environment: typed, loud, documented."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from groundswell.config import env

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
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", "perhaps", "true or false"),
        ("DATABASE_POOL", "many", "1 to 200"),
        ("DATABASE_POOL", "0", "1 to 200"),
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
        ("GROUNDSWELL_HOME", "/etc/passwd", "a folder"),
        ("FROM_EMAIL", "nonsense", "email address"),
        ("TILE_URL", "nonsense", "https://"),
        ("TILE_URL", "https://tiles.example/", "{z}"),
        ("DATABASE_URL", "postgresql://u:p@h:xx/db", "port"),
    ],
)
def test_a_malformed_setting_stops_the_start_with_its_name_and_what_was_expected(tmp_path, name, value, expected):
    done = start(tmp_path, "check", **{name: value})
    assert done.returncode != 0
    assert name in done.stderr and expected in done.stderr
    assert "Traceback" not in done.stderr


def test_two_malformed_settings_are_both_named(tmp_path):
    done = start(tmp_path, "check", DEBUG="perhaps", LOG_LEVEL="LOUD")
    assert "DEBUG" in done.stderr and "LOG_LEVEL" in done.stderr


def test_a_secret_value_is_not_repeated_in_the_error(tmp_path):
    done = start(tmp_path, "check", SECRET_KEY="hunter2")
    assert "hunter2" not in done.stderr


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
