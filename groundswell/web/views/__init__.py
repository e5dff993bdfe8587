"""The pages of the front. A view is short: gate, form, service, page."""
