"""Screens about members' points, one module for each kind."""

from points.accounts.admin import statement

__all__ = ["statement"]
