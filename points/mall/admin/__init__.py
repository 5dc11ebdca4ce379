"""Screens of the points mall."""

from points.mall.admin import redemptions, rewards, slots

__all__ = ["redemptions", "rewards", "slots"]
