"""Writes of this floor. Each runs in the caller's transaction, or in one of its own where none is open."""

from groundswell.people.rules import BadDetails, BadValue, NewPerson
from groundswell.people.services.finding import Found, add_many, asked_of, find_or_add, person_of_user
from groundswell.people.services.records import (
    agree,
    agree_many,
    agreed_to,
    define_field,
    looked_at,
    mark,
    set_field,
    tag,
    untag,
    verify,
    verify_many,
    withdraw,
)
from groundswell.people.services.segmenting import Draft, remove_segment, save_segment

__all__ = [
    "BadDetails",
    "BadValue",
    "Draft",
    "Found",
    "NewPerson",
    "add_many",
    "agree",
    "agree_many",
    "agreed_to",
    "asked_of",
    "define_field",
    "find_or_add",
    "looked_at",
    "mark",
    "person_of_user",
    "remove_segment",
    "save_segment",
    "set_field",
    "tag",
    "untag",
    "verify",
    "verify_many",
    "withdraw",
]
