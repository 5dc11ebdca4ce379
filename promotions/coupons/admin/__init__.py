"""Screens of coupons: templates, what members hold, codes, hand-outs, and using a coupon in a store."""

from promotions.coupons.admin import batches, coupons, hand_outs, templates

__all__ = ["batches", "coupons", "hand_outs", "templates"]
