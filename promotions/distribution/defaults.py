"""The grade that a new shop starts with; afterwards it is the merchant's."""

from typing import Any

from django.apps import AppConfig

# Named in the reader's language until the merchant names it.
NAME = ""
RATE_BP, SECOND_RATE_BP = 500, 100


def create_after_migrate(sender: AppConfig, **_: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests: newcomers always have a grade."""
    grades = sender.get_model("DistributorGrade")._default_manager
    if grades.exists():
        return
    grades.create(name=NAME, position=1, rate_bp=RATE_BP, second_rate_bp=SECOND_RATE_BP)
