"""Fixtures of all journeys."""

from tests.journeys.front import front, tea

__all__ = ["front", "tea"]
