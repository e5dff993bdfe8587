"""Declares the ledger kinds and verbs of this floor, how users and subjects are called, and that a user is a person."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "groundswell.people"

    def ready(self) -> None:
        from groundswell.ledger import hooks as ledger
        from groundswell.people import conditions, consumers, hooks, kinds, lists, selectors, services, verbs
        from groundswell.powers import hooks as powers

        ledger.register_kinds(kinds.KINDS)
        ledger.register_consumer(consumers.Deeds())
        powers.register_verbs(verbs.VERBS)
        powers.register_display_name(selectors.display_name)
        powers.register_proved(services.person_of_user)
        hooks.register_condition(*conditions.OWN)
        for name, options in lists.OWN.items():
            hooks.register_list(name, options)
        hooks.register_subject("tag", selectors.tags_by_id)
        hooks.register_subject("consent", selectors.consents_by_id)
        hooks.register_subject("field", selectors.fields_by_id)
        hooks.register_subject("segment", selectors.segments_by_id)
