"""The expiry policy that a new shop starts with; afterwards it is the merchant's."""

from typing import Any

from django.apps import AppConfig

from shop.core import clock

MADE_BY = "system:defaults"


def create_after_migrate(sender: AppConfig, **_: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests: no shop is without a default policy."""
    policies, versions = map(sender.get_model, ("ExpiryPolicy", "ExpiryVersion"))
    if policies._default_manager.filter(is_default=True).exists():
        return
    policy = policies._default_manager.create(is_default=True)
    versions._default_manager.create(
        policy=policy, kind="annual", month=12, day=31, actor=MADE_BY, created_at=clock.now()
    )
