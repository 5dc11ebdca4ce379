"""The tiers that a new shop starts with; afterwards they are the merchant's."""

from typing import Any

from django.apps import AppConfig

from shop.core import clock

# Code, names, growth to reach and to keep it, and what it gives.
TIERS: tuple[tuple[str, str, str, int, int, dict[str, Any]], ...] = (
    ("normal", "普通会员", "Member", 0, 0, {}),
    ("silver", "银卡会员", "Silver", 1_000, 800, {"points_multiplier_bp": 11_000, "birthday_points": 100}),
    (
        "gold",
        "金卡会员",
        "Gold",
        5_000,
        4_000,
        {"points_multiplier_bp": 12_500, "discount_bp": 200, "birthday_points": 300, "priority": 1},
    ),
    (
        "diamond",
        "钻石会员",
        "Diamond",
        20_000,
        16_000,
        {
            "points_multiplier_bp": 15_000,
            "discount_bp": 500,
            "free_shipping": True,
            "priority": 2,
            "exclusive_service": True,
            "birthday_points": 1_000,
            "exclusive_zone": True,
        },
    ),
)
BEHAVIOURS = {"check_in": 1, "review": 10, "invitation": 50, "profile": 20}
MADE_BY = "system:defaults"


def create_after_migrate(sender: AppConfig, **_: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests: no shop is without rules."""
    policies, tiers, requirements = map(sender.get_model, ("TierPolicy", "Tier", "TierRequirement"))
    if policies._default_manager.exists():
        return
    policy = policies._default_manager.create(behaviours=BEHAVIOURS, actor=MADE_BY, created_at=clock.now())
    for code, name, name_en, threshold, retention, benefits in TIERS:
        tier = tiers._default_manager.create(code=code, name=name, name_en=name_en, **benefits)
        requirements._default_manager.create(policy=policy, tier=tier, threshold=threshold, retention=retention)
