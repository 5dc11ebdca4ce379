"""Screens of campaigns: the frame of every mechanism's own, bundles, the calendar, what happened."""

from promotions.campaigns.admin import bundles, events

__all__ = ["bundles", "events"]
