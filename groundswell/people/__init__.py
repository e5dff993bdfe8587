"""Floor 3: the people we know of. Persons, contact points, consents, tags and fields; timeline; search.

Person: somebody we know of, with or without a login.
Contact point: one way to reach a person; a row of its own, with when it was verified and whether it works.
Consent: what a person agreed to or took back, for a purpose and a channel, with the exact words and their page.

People are reached only through `selectors.access_person` and `selectors.access_people`.
"""
