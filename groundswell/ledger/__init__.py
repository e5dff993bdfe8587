"""Floor 1: what happened. The append-only log, its blocks, consumers and tallies; idempotency keys.

Entry: one deed or decision, written in the transaction of the change it records; never changed, never deleted.
Block: the next entries that have been committed, in an order that never changes again, chained by hash.
Consumer: a reader that follows the blocks and counts each entry once.
Tally: how often each kind happened to each subject, in total and per hour; a projection of the ledger.
"""
