"""Kinds and consumers for tests, and only those."""

import pytest

from groundswell.ledger import consumers, hooks
from groundswell.ledger.hooks import Kind


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    declared = [
        Kind("test.done", "did {quantity} of {what}", {"what": str, "list": list, "number": int, "yes": bool}),
        Kind("test.other", "did something else"),
        Kind("test.third", "did a third thing"),
    ]
    monkeypatch.setattr(hooks, "kinds", {kind.name: kind for kind in declared})


@pytest.fixture(autouse=True)
def only_tallies(monkeypatch):
    monkeypatch.setattr(hooks, "consumers", {"tallies": consumers.Tallies()})
