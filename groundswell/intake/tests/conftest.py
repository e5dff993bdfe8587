import json
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture
def load(tmp_path):
    """Import a file, or the text or bytes of one, and give back the summary that --json prints."""

    def run(source, *options):
        if isinstance(source, str | bytes):
            path = tmp_path / "events.csv"
            path.write_bytes(source.encode() if isinstance(source, str) else source)
            source = path
        out = StringIO()
        call_command("import", "events", str(source), "--json", *options, stdout=out, stderr=StringIO())
        return json.loads(out.getvalue())

    return run


@pytest.fixture
def counts():
    """Of a summary: read, written, changed, unchanged, bad."""
    return lambda report: tuple(report[name] for name in ("read", "written", "changed", "unchanged", "bad"))
