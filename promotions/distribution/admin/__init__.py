"""Screens of distribution: who sells and at which rates for operators, orders and money for finance."""

from promotions.distribution.admin import awards, boards, ledger, people, sales, withdrawals

__all__ = ["awards", "boards", "ledger", "people", "sales", "withdrawals"]
