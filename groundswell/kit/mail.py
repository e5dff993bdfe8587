"""How our mail names its sender."""

from email.utils import formataddr, parseaddr


def sender(name: str, address: str) -> str:
    """The From line `name <address>`; of an address that brings a name of its own, only the address is kept."""
    return formataddr((name, parseaddr(address)[1]))
