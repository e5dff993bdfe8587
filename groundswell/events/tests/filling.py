"""The forms of hosts and reviewers, filled in as a browser would send them."""

from html.parser import HTMLParser

from django.urls import reverse

from groundswell.events.tests import making


def answers(**changed):
    return {
        "title": "Soup and calls",
        "type": "house_party",
        "description": "Bring a spoon.",
        "online": "no",
        "postal_code": "05401",
        "street": "17 Hill Rd",
        "place_shown": "guests",
        "visibility": "public",
        "languages": ["en"],
        "shifts-TOTAL_FORMS": "1",
        "shifts-INITIAL_FORMS": "0",
        "shifts-0-day": making.at().date().isoformat(),
        "shifts-0-starts": "19:00",
        "shifts-0-ends": "21:00",
        "shifts-0-capacity": "12",
        "given_name": "Erin",
        "email": "erin.new@example.org",
    } | changed


def shown_form(client, event):
    """What a browser sends back when nobody touches the page."""
    parser = Form()
    parser.feed(client.get(f"/events/{event.pk}/edit").content.decode())
    return parser.values


class Form(HTMLParser):
    """The fields of the form that has the version, as a browser would send them."""

    def __init__(self):
        super().__init__()
        self.values, self.inside, self.text, self.select = {}, False, None, None

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "form":
            self.inside = "host-form" in (of.get("class") or "")
        if tag == "template":
            self.inside = False
        if not self.inside:
            return
        name = of.get("name")
        if tag == "input" and name and (of.get("type") not in ("radio", "checkbox") or "checked" in of):
            value = of.get("value") or ("on" if of.get("type") == "checkbox" else "")
            self.values[name] = [*self.values.get(name, []), value] if of.get("type") == "checkbox" else value
        elif tag == "textarea":
            self.text, self.values[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in of or self.select not in self.values):
            self.values[self.select] = of.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "template":
            self.inside = True
        if tag == "textarea":
            self.text = None

    def handle_data(self, data):
        if self.text:
            self.values[self.text] += data.removeprefix("\n") if not self.values[self.text] else data


def decision(event, act="publish", **more):
    """The form of the queue as it is shown now."""
    event.refresh_from_db()
    return reverse("events:decide", args=[event.pk]), {"act": act, "version": event.version, **more}
