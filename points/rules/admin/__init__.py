"""Screens of earning rules, one module per screen."""

from points.rules.admin import backtests, records, rules

__all__ = ["backtests", "records", "rules"]
