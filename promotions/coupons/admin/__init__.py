"""Screens of coupons: templates, what members hold, codes, hand-outs, and using a coupon in a store."""

from promotions.coupons.admin import batches, coupons, halts, hand_outs, templates

__all__ = ["batches", "coupons", "halts", "hand_outs", "templates"]
