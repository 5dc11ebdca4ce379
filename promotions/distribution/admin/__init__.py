"""Screens of distribution: who sells and at which rates for operators, orders and money for finance."""

from promotions.distribution.admin import ledger, people, sales

__all__ = ["ledger", "people", "sales"]
