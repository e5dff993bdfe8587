"""Floor 1: the queue. Enqueue by name inside the business transaction, leases, and the reaper.

Every job is at least once and may run twice at the same time, so a job checks its lease in the transaction of its
effect.
"""
