"""What the page kit asks of floors above: the links of its navigation. Filled in `AppConfig.ready()`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise


def _always(request: HttpRequest) -> bool:
    return True


@dataclass(frozen=True)
class NavItem:
    """A link of the navigation.

    Attributes:
        url_name: without arguments, `events:find`.
        order: the smallest comes first.
        shown: whether this visitor may go there; public pages look the same to everybody and do not ask.
    """

    label: str | Promise
    url_name: str
    icon: str
    order: int
    shown: Callable[[HttpRequest], bool] = _always


public_nav: list[NavItem] = []
hq_nav: list[NavItem] = []


def register_public_nav(*items: NavItem) -> None:
    """Add links to the header of public pages."""
    public_nav.extend(items)
    public_nav.sort(key=lambda item: item.order)


def register_hq_nav(*items: NavItem) -> None:
    """Add links to the rail of headquarters."""
    hq_nav.extend(items)
    hq_nav.sort(key=lambda item: item.order)
