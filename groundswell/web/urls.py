"""Addresses of the house's front."""

from django.urls import path

from groundswell.web.views import board, home, me, night, outbox, people, powers, settings, sources

app_name = "web"
urlpatterns = [
    path("", home.home, name="home"),
    path("me", me.me, name="me"),
    path("me/data.json", me.data, name="data"),
    path("me/consents", me.agree, name="agree"),
    path("me/consents/<uuid:consent_id>/withdraw", me.withdraw, name="withdraw"),
    path("me/powers/ask", powers.ask, name="ask"),
    path("me/powers/<uuid:grant_id>", powers.mine, name="power"),
    path("me/powers/<uuid:grant_id>/take-back", powers.take_back, name="take_back"),
    path("hq", board.hq, name="hq"),
    path("hq/board", board.board, name="board"),
    path("hq/night", night.night, name="night"),
    path("hq/night/board", night.board, name="night_board"),
    path("hq/entries", board.entries, name="entries"),
    path("hq/people", people.people, name="people"),
    path("hq/people/fields", people.fields, name="fields"),
    path("hq/people/<uuid:person_id>", people.person, name="person"),
    path("hq/people/<uuid:person_id>/tags", people.tag, name="tag"),
    path("hq/people/<uuid:person_id>/tags/<uuid:tag_id>/remove", people.untag, name="untag"),
    path("hq/people/<uuid:person_id>/facts", people.facts, name="facts"),
    path("hq/sources", sources.links, name="sources"),
    path("hq/jobs", board.all_jobs, name="jobs"),
    path("hq/jobs/<int:job_id>/unpark", board.unpark, name="unpark"),
    path("hq/powers", powers.everybodys, name="powers"),
    path("hq/settings", settings.settings, name="settings"),
    path("outbox", outbox.mails, name="outbox"),
    path("outbox/<str:name>", outbox.mail, name="mail"),
]
