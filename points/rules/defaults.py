"""The rule that a new shop starts with; afterwards it is the merchant's."""

from typing import Any

from django.apps import AppConfig

from points.rules.spec import PerAmount, RuleSpec
from shop.core import clock

# Named in the reader's language until the merchant names it.
NAME = ""
# A point for every yuan that is paid for goods, multiplied by the tier.
SPEC = RuleSpec(event="order", effect=PerAmount(points=1, per_fen=100), tier_multiplier=True)
MADE_BY = "system:defaults"


def create_after_migrate(sender: AppConfig, **_: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests: there is always a set of rules."""
    rules, versions, sets = (
        sender.get_model(name)._default_manager for name in ("EarningRule", "RuleVersion", "RuleSetVersion")
    )
    if sets.exists():
        return
    now = clock.now()
    rule = rules.create(name=NAME, draft=SPEC.stored(), changed_at=now)
    signed = {"actor": MADE_BY, "created_at": now}
    version = versions.create(rule=rule, number=1, name=NAME, definition=SPEC.stored(), **signed)
    rules.filter(pk=rule.pk).update(live=version)
    sets.create(version_ids=[version.pk], reason="published", rule=rule, **signed)
