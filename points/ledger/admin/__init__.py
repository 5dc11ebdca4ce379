"""Screens of points, one module for each kind."""

from points.ledger.admin import books, expiry, manual

__all__ = ["books", "expiry", "manual"]
