"""What the documents name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")]
LINK = re.compile(r"\]\(([^)#:\s]+)\)|`((?:docs|groundswell|tests|bench)/[\w./-]+)`")


def named_in(text: str) -> set[str]:
    return {link or path for link, path in LINK.findall(text)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_it_names_exists(document):
    missing = {
        name
        for name in named_in(document.read_text())
        if not ((document.parent / name).exists() or (ROOT / name).exists())
    }
    assert missing == set()


def test_a_missing_picture_would_be_found():
    assert named_in("![a](docs/images/none.png) and `docs/none.md`") == {"docs/images/none.png", "docs/none.md"}
