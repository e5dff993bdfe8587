"""How a source code travels from the link to the deed: in the address and in hidden fields, never in a cookie."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest

from groundswell.sources import rules

NAMES = ("source", "refcode")


def code_in(request: HttpRequest) -> str:
    """The source code this request carries, in its form before its address; empty where there is none or a bad one."""
    for place in (request.POST, request.GET if request.META.get("QUERY_STRING") else {}):
        for name in NAMES:
            if (code := place.get(name, "")) and rules.is_code(code):
                return str(code)
    return ""


def context(request: HttpRequest) -> dict[str, str]:
    """Template context: `source_code`."""
    return {"source_code": code_in(request)}


def with_code(url: str, code: str) -> str:
    """The address with the code in it, in place of any other."""
    if not code:
        return url
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in NAMES]
    return parts._replace(query=urlencode([*query, ("source", code)])).geturl()
