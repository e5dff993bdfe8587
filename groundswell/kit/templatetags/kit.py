"""Template tags of the page kit; loaded everywhere."""

from django import template

register = template.Library()
