"""Floor 6: journeys. Somebody does something, and what follows happens by itself: waits, mails, questions to humans.

Journey: what is to follow on what, told as data. Version: the journey as it was published; never changed.
Walk: one person on their way through one version. Step: one thing of it, named by its place: `2.then.0`.
Ask: what a human is asked to do for somebody on their way.

A person walks a journey once at a time, passes each step once, and gets at most one mail from each. A journey acts by
the powers of whoever published it: nobody beyond their reach enters.
"""
