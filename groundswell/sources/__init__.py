"""Floor 4: where people and deeds come from. Source codes, touches, and the sharer's code on every share link.

Source: a place people come from: a link, a partner, a person who shares.
Code: what stands on the link (`?source=` or `refcode=`). A sharer's code proves itself, so it is valid before
anything about its sharer is stored.
Touch: one arrival through a code that led to a deed.
"""
