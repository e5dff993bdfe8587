"""Pages of events. A view is short: gate, form, service, page.

Pages for everybody (`finding`, `showing`) look at nobody: no session, no cookie, so that they can be cached.
"""
