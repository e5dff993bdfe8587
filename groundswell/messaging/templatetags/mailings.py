"""Template tags of mailings: shares with what is known of them."""

from collections.abc import Sequence
from uuid import UUID

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from groundswell.messaging.rules import Share
from groundswell.messaging.selectors.results import Figures, Line
from groundswell.messaging.steps import Worded
from groundswell.people import hooks as people
from groundswell.powers.hooks import display_name
from groundswell.powers.models import User

register = template.Library()


@register.filter
def share(figures: Figures, name: str) -> Share:
    """The share of copies of which this came back."""
    return figures.share(name)


@register.filter
def percent(share: Share) -> str:
    """`4.2%`."""
    return _("%(n)s%%") % {"n": number_format(round(100 * share.share, 1), 1)}


@register.filter
def between(share: Share) -> SafeString:
    """`3.8–4.7`: in percent, what the true share lies between."""
    low, high = (number_format(round(100 * end, 1), 1) for end in (share.low, share.high))
    return format_html(
        '<span class="between" title="{}">{}–{}</span>', _("19 times in 20 the true share is between these"), low, high
    )


@register.filter
def figure(figures: Figures, name: str) -> int:
    """How many."""
    return int(getattr(figures, name))


@register.filter
def any_ahead(lines: Sequence[Line]) -> bool:
    """Whether one of them is ahead of all the others."""
    return any(line.ahead for line in lines)


@register.filter
def all_whole(drafts: Sequence[Worded]) -> bool:
    """Whether each draft has a text and a subject."""
    return all(draft.whole for draft in drafts)


@register.filter
def called(user: User) -> str:
    """How a user is called."""
    return display_name(user)


@register.filter
def page_of(person_id: UUID) -> str:
    """The page of a person, where there is one."""
    return people.person_page(person_id)
