"""Screens about members' points, one module for each kind."""

from points.accounts.admin import files, liability, reminders, statement

__all__ = ["files", "liability", "reminders", "statement"]
