"""What a new shop starts with: the daily check-in, and the birthday gift that the tiers promise."""

from typing import Any

from django.apps import AppConfig

CHECK_IN_POINTS = (5, 5, 10, 10, 15, 15, 30)


def create_after_migrate(sender: AppConfig, **_: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests."""
    tasks, steps = map(sender.get_model, ("Task", "RewardStep"))
    if tasks._default_manager.exists():
        return
    check_in = tasks._default_manager.create(
        code="check-in", kind="check_in", name="每日签到", name_en="Daily check-in", period="daily", status="live"
    )
    for number, points in enumerate(CHECK_IN_POINTS, start=1):
        steps._default_manager.create(task=check_in, number=number, points=points)
    tasks._default_manager.create(
        code="birthday", kind="birthday", name="生日礼", name_en="Birthday gift", period="yearly", status="live"
    )
