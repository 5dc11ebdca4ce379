"""The demo shop's staff: one account for each role, with the administrator's password."""

from datetime import datetime

from django.conf import settings

from shop.core.roles import create_role_accounts, seed_roles


def load(*, size: str, now: datetime) -> str:
    seed_roles()
    return f"{len(create_role_accounts(password=settings.DEMO_PASSWORD))} staff accounts"
