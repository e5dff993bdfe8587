"""`{% with_source url %}`: a link that carries the page's source code on."""

from django import template

from groundswell.sources import carry

register = template.Library()


@register.simple_tag(takes_context=True)
def with_source(context: template.Context, url: str) -> str:
    """The address with the source code that came with this page."""
    return carry.with_code(url, str(context.get("source_code", "")))
