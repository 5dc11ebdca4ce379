"""Screens about members' points, one module for each kind."""

from points.accounts.admin import liability, reminders, statement

__all__ = ["liability", "reminders", "statement"]
