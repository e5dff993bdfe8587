"""Composition only: the environment, settings, URLs, the command line. No app imports this package."""
