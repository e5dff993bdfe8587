"""The kinds of mail that this floor sends by itself, in our words. What is a fact of the event stays with each."""

from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groundswell.events.selectors import next_public
from groundswell.kit.templatetags.kit import shown_span
from groundswell.messaging.fields import Values
from groundswell.messaging.hooks import Letter, Text
from groundswell.powers.movement import movement

GUESTS, HOSTS, NEAR = _("To guests"), _("To hosts"), _("To people nearby")
TITLE: dict[str, Text] = {"title": _("the event’s title")}
COME: dict[str, Text] = {"come": _("“We look forward to seeing you”, with the number of their guests")}
MERGING: dict[str, Text] = {"old": _("the event that is called off"), "new": _("the event it goes together with")}


def _example() -> Values:
    """Of the next event that everybody may see."""
    event = next_public()
    title = event.title if event else gettext("House party")
    return {
        "title": title,
        "old": title,
        "new": gettext("Open house"),
        "name": movement().name,
        "host": (event and " ".join(event.hosts[:1])) or "Rosa",
        "come": ngettext(
            "We look forward to seeing you and your %(n)d guest.",
            "We look forward to seeing you and your %(n)d guests.",
            2,
        )
        % {"n": 2},
        "when": shown_span(event.starts_at, event.ends_at, event.time_zone) if event else gettext("tomorrow at 7 p.m."),
        "where": (event and event.place.city) or "Burlington",
        "soon": gettext("Tomorrow"),
        "news": ngettext("%(n)d new RSVP", "%(n)d new RSVPs", 4) % {"n": 4},
        "hosts_there": gettext("%(hosts)s will be there for you.") % {"hosts": get_text_list(["Rosa"], gettext("and"))},
        "then": gettext("You said before that you come to the other one, too, so you need not do anything."),
        "ask": gettext("The host of “%(title)s” expects few people and asks whether they may come to yours.")
        % {"title": title},
        "joins": gettext("They would like to run it with you."),
        "more": ngettext(
            "%(n)d person of “%(title)s” has a place at your event from now on, and was told by mail.",
            "%(n)d people of “%(title)s” have a place at your event from now on, and were told by mail.",
            3,
        )
        % {"n": 3, "title": title},
        "became": gettext("“%(old)s” is called off. Whoever finds its page is led to “%(new)s”.")
        % {"old": title, "new": gettext("Open house")},
        "runs": gettext("Whoever led it runs the other one, too, from now on."),
        "events": ngettext("%(n)d new event: %(title)s", "%(n)d new events: %(title)s", 2) % {"n": 2, "title": title},
        "next": gettext("They are on the map. Press a date to change that one, or to see who comes."),
    }


def _letter(
    name: str, to: Text, sentence: Text, subject: Text, *paragraphs: Text, fields: dict[str, Text], stays: Text = ""
) -> Letter:
    return Letter(f"event.{name}", to, sentence, subject, paragraphs, fields, stays, _example)


LETTERS = [
    _letter(
        "going",
        GUESTS,
        _("when somebody says they come"),
        _("You’re coming: %(title)s"),
        "%(come)s",
        _("Something came up? Cancel with one press, so that somebody else gets the place."),
        fields=TITLE | COME,
        stays=_(
            "when and where, the calendar entry, the links to change or cancel and to bring a friend, the door’s code"
        ),
    ),
    _letter(
        "waiting",
        GUESTS,
        _("when somebody joins the waiting list"),
        _("You’re on the waiting list: %(title)s"),
        _("Every place is taken for now. As soon as one is free for you, you have it and we write to you."),
        fields=TITLE,
        stays=_("when and where, the link to change or cancel"),
    ),
    _letter(
        "promoted",
        GUESTS,
        _("when somebody gets a place from the waiting list"),
        _("You have a place: %(title)s"),
        _("A place is free, and it is yours."),
        "%(come)s",
        fields=TITLE | COME,
        stays=_(
            "when and where, the calendar entry, the links to change or cancel and to bring a friend, the door’s code"
        ),
    ),
    _letter(
        "reminder",
        GUESTS,
        _("some hours before an event, as its host wants it, to those who come"),
        _("%(soon)s: %(title)s"),
        _("It is soon: %(when)s."),
        "%(come)s",
        _("You can’t come after all? One press gives your place to somebody who waits."),
        fields=TITLE | COME | {"soon": _("how soon: “Tomorrow”, “In 2 hours”"), "when": _("day and hour")},
        stays=_("when and where, the link to change or cancel, the door’s code"),
    ),
    _letter(
        "changed",
        GUESTS,
        _("when day, hour or place of an event change"),
        _("Changed: %(title)s"),
        _("The host changed when or where this event is. Below is what holds now."),
        fields=TITLE,
        stays=_("when and where, the calendar entry, the link to change or cancel"),
    ),
    _letter(
        "called_off",
        GUESTS,
        _("when an event is called off"),
        _("Called off: %(title)s"),
        _("This event is called off. You need not do anything. We are sorry."),
        fields=TITLE,
        stays=_("what the host writes, events with room nearby, the calendar entry"),
    ),
    _letter(
        "not_coming",
        GUESTS,
        _("when somebody takes back that they come"),
        _("You’re not coming any more: %(title)s"),
        _("The host’s list is up to date. If you can come after all, say so on the event’s page."),
        fields=TITLE,
        stays=_("when and where, the calendar entry, the link to the event"),
    ),
    _letter(
        "moved",
        GUESTS,
        _("when two events become one, to those who have a place at the other"),
        _("Together with others: %(new)s"),
        _("“%(old)s” and “%(new)s” become one event: few had said they come, and together you are more."),
        _("You have a place there, too. Below is when and where it is."),
        "%(hosts_there)s",
        _("It was to be %(when)s, %(where)s. Nobody will be there then."),
        _("Does the new one suit you? One press says so, and another gives your place to somebody else."),
        fields=MERGING
        | {
            "hosts_there": _("who will be there"),
            "when": _("when it was to be"),
            "where": _("where it was to be"),
        },
        stays=_("when and where, the calendar entries, the links to say yes or no, the door’s code"),
    ),
    _letter(
        "merged_where_known",
        GUESTS,
        _("when two events become one, to those who answered both"),
        _("Called off: %(old)s"),
        _("“%(old)s” and “%(new)s” become one event: few had said they come."),
        "%(then)s",
        fields=MERGING | {"then": _("what they said of the other one")},
        stays=_("the calendar entry, the link to the event"),
    ),
    _letter(
        "invited",
        NEAR,
        _("when a host fills a thin event, to the nearest who agreed to it"),
        _("Near you: %(title)s"),
        _("Neighbors of yours meet, and there is room for you."),
        fields=TITLE,
        stays=_("when and where, the links to the event and to end these mails"),
    ),
    _letter(
        "confirm",
        HOSTS,
        _("when somebody sets up an event, to confirm their address"),
        _("Confirm your event with %(name)s"),
        _("You started an event with %(name)s. One press, and it goes on its way."),
        _("If it was not you, do nothing: without the press nothing happens."),
        fields={"name": _("the movement’s name")},
        stays=_("the link to confirm"),
    ),
    _letter(
        "submitted",
        HOSTS,
        _("when an event waits for review"),
        _("We have your event: %(title)s"),
        _("Somebody reads each host’s first event before it is listed. We write to you when that is done."),
        fields=TITLE,
        stays=_("when and where, the link to change it"),
    ),
    _letter(
        "published",
        HOSTS,
        _("when an event is listed"),
        _("Your event is on the map: %(title)s"),
        _("Thank you for hosting. Now invite people: most come because somebody they know asked them."),
        fields=TITLE,
        stays=_("when and where, the calendar entry, the links to share and to change it"),
    ),
    _letter(
        "sent_back",
        HOSTS,
        _("when a reviewer asks for a change"),
        _("Please change something: %(title)s"),
        _("Somebody read your event and asks you to change something before it is listed:"),
        fields=TITLE,
        stays=_("what the reviewer wrote, the link to change it"),
    ),
    _letter(
        "copied",
        HOSTS,
        _("when an event is to happen again on other days"),
        "%(events)s",
        "%(next)s",
        fields={"events": _("how many, and their title"), "next": _("what happens now")},
        stays=_("the days, each with its link"),
    ),
    _letter(
        "morning",
        HOSTS,
        _("in the morning, when something is new about the events they run"),
        _("Your events: %(news)s"),
        _("What is new since we last wrote about the events you run:"),
        fields={"news": _("the news in a few words")},
        stays=_("the news of each event, the links to its desk and to end these mails"),
    ),
    _letter(
        "thin",
        HOSTS,
        _("when few people are to be expected at an event that is soon"),
        _("A few more people? %(title)s"),
        _("Your event is soon, and few have said so far that they come. That happens to many."),
        _("One press invites the people who live near. You can also go together with neighbors, or move it."),
        fields=TITLE,
        stays=_("when and where, the link to what one can do"),
    ),
    _letter(
        "called_off_to_host",
        HOSTS,
        _("when somebody else calls their event off"),
        _("Called off: %(title)s"),
        _("Your event was called off. Everybody who was coming is told."),
        fields=TITLE,
        stays=_("when and where, the calendar entry, the link to the event"),
    ),
    _letter(
        "lead_asked",
        HOSTS,
        _("when the lead host asks them to take over"),
        _("Will you lead it? %(title)s"),
        _("Whoever leads this event asks you to take it over. You would decide who runs it with you."),
        _("Nothing changes until you say yes on its page."),
        fields=TITLE,
        stays=_("when and where, the link to answer"),
    ),
    _letter(
        "lead_taken",
        HOSTS,
        _("when a co-host took their event over"),
        _("%(host)s leads it now: %(title)s"),
        _("%(host)s took the event over. You run it with them until you leave it on its page."),
        fields=TITLE | {"host": _("who leads it now")},
        stays=_("when and where, the link to the event"),
    ),
    _letter(
        "lead_declined",
        HOSTS,
        _("when a co-host would rather not take over"),
        _("You still lead it: %(title)s"),
        _("%(host)s would rather not take the event over. You can ask somebody else."),
        fields=TITLE | {"host": _("who was asked")},
        stays=_("the link to the event’s hosts"),
    ),
    _letter(
        "taken_off",
        HOSTS,
        _("when the lead host takes them off an event"),
        _("You do not host it any more: %(title)s"),
        _("Whoever leads this event took you off its hosts. If you did not expect that, ask them."),
        fields=TITLE,
    ),
    _letter(
        "merge_proposed",
        HOSTS,
        _("when a neighbor proposes to make one event of two"),
        _("Together? %(new)s"),
        "%(ask)s",
        "%(joins)s",
        _("There is room for all of them. Say yes or no on the page: nothing happens without you."),
        fields={
            "new": _("their own event"),
            "old": _("the neighbor’s event"),
            "ask": _("what the neighbor asks"),
            "joins": _("that the neighbor would run it, too"),
        },
        stays=_("when and where the other event is, the link to answer"),
    ),
    _letter(
        "merge_declined",
        HOSTS,
        _("when a neighbor would rather not"),
        _("Not together: %(old)s"),
        _("The hosts of “%(new)s” would rather keep it as it is. Your event stays as it was."),
        fields={"old": _("their own event"), "new": _("the neighbor’s event")},
        stays=_("the link to what one can do"),
    ),
    _letter(
        "took_in",
        HOSTS,
        _("when the guests of a neighbor come to their event"),
        _("You are more now: %(new)s"),
        "%(more)s",
        fields={"new": _("their own event"), "more": _("how many come, and from where")},
        stays=_("when and where, the link to see who comes"),
    ),
    _letter(
        "merged_away",
        HOSTS,
        _("when their event went together with another"),
        _("Together with others: %(new)s"),
        "%(became)s",
        "%(runs)s",
        fields=MERGING | {"became": _("what became of their guests"), "runs": _("who runs the other event")},
        stays=_("when and where, the link to the event"),
    ),
]
