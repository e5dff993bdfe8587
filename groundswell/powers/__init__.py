"""Floor 2: who may. Users and their sign-in, grants, the movement whose tree the scopes are, limits for strangers.

Grant: a power given: verb, scope, limit, end, how far it may be handed on, and the grant it came from.
Verb: something one may do, with a sentence; declared by the floor that asks for it.
Scope: a path in the movement's tree (`movement.place.us.vt`); a grant covers its scope and all below.

A grant is alive while it and every grant above it are neither revoked nor ended: revoking one takes all below at once.
"""
