"""Groundswell: organizing software for movements that win by giving power away."""

__version__ = "0.1.0"
