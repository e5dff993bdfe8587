"""The least a WSGI application can say, at the length of a page. Imports nothing of the site."""

from collections.abc import Callable

_BODY = b"x" * 6_000


def say(environ: dict[str, object], start: Callable[..., object]) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(_BODY)))])
    return [_BODY]
