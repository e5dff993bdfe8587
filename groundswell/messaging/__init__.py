"""Floor 5: what we send. So far single mails: confirmations, links, notices to hosts.

Delivery: one person's copy of a message. It is committed as `sending` before the wire is touched; after a crash it is
`unknown`, never sent again by itself.
Form mail: one that anybody can cause by writing an address into a form of ours.
Notice: one about something the person is part of already, caused by somebody else: an event that moved.

An address that nobody has confirmed gets one form mail a day and three notices; one more of each waits for its turn,
the rest are suppressed. A confirmed address has no such limit: what waited goes out when it is confirmed, and who wrote
what was suppressed may then write the newest of it anew.
"""
