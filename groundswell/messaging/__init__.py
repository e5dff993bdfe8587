"""Floor 5: what we send. So far single mails: confirmations, links, notices to hosts.

Delivery: one person's copy of a message. It is committed as `sending` before the wire is touched; after a crash it is
`unknown`, never sent again by itself.
"""
