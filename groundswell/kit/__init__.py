"""Floor 0: what every floor may use and nothing else owns. No models, no database.

Clock, ids, money, contact normalising, geography, CSV in and out, text cleaning, and the page kit: base layout,
tokens, components, error pages.
"""
