"""What the domain we send from says of itself in DNS: who may send for it (SPF), with which key its mail is signed
(DKIM), and what becomes of mail that is neither (DMARC)."""

import re
from typing import NamedTuple

import dns.exception
import dns.resolver

PATIENCE_S = 4
MOST_LOOKUPS = 10  # of an SPF record (RFC 7208, 4.6.4)
_BARE = re.compile(r"(?:a|mx|ptr)(?:[:/]|$)")


class Records(NamedTuple):
    """What is there, as it is written; `None`: nobody answered.

    Attributes:
        spf: every record that begins with v=spf1.
        dkim: the key's record; empty: there is none.
        dmarc: the policy of the domain, or of the one above it.
    """

    spf: list[str] | None
    dkim: str | None
    dmarc: str | None


def resolver() -> dns.resolver.Resolver:
    """Whom we ask."""
    found = dns.resolver.Resolver()
    found.lifetime = PATIENCE_S
    return found


def records_of(domain: str, selector: str) -> Records:
    """Ask for all of them. Without a selector no key can be looked for."""
    spf = _texts(domain)
    keys = _texts(f"{selector}._domainkey.{domain}") if selector else []
    return Records(
        spf=None if spf is None else [one for one in spf if one.lower().split(" ")[0] == "v=spf1"],
        dkim=None if keys is None else next((one for one in keys if "p=" in one), ""),
        dmarc=_policy(domain),
    )


def _policy(domain: str) -> str | None:
    """Of the domain itself, else of the next one above that has one."""
    labels = domain.split(".")
    for at in range(max(len(labels) - 1, 1)):
        found = _texts(f"_dmarc.{'.'.join(labels[at:])}")
        if found is None:
            return None
        for one in found:
            if one.lower().replace(" ", "").startswith("v=dmarc1"):
                return one
    return ""


def _texts(name: str) -> list[str] | None:
    try:
        answer = resolver().resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, ValueError, OSError):
        return None
    return [b"".join(one.strings).decode("utf-8", "replace") for one in answer]


def lookups_in(spf: str) -> int:
    """How many further questions a record asks by itself."""
    terms = [term.lstrip("+-~?").lower() for term in spf.split()[1:]]
    return sum(term.startswith(("include:", "exists:", "redirect=")) or _BARE.match(term) is not None for term in terms)
