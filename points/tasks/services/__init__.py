"""The only code that changes check-ins and tasks."""

from points.tasks.services.browsing import beat, start_browsing
from points.tasks.services.check_in import check_in, make_up
from points.tasks.services.completing import complete_task, record_task_event
from points.tasks.services.occasions import celebrate
from points.tasks.services.publishing import pause_task, publish_task
from points.tasks.services.taking_back import take_back_task_event
from points.tasks.services.visits import record_visit

__all__ = [
    "beat",
    "celebrate",
    "check_in",
    "complete_task",
    "make_up",
    "pause_task",
    "publish_task",
    "record_task_event",
    "record_visit",
    "start_browsing",
    "take_back_task_event",
]
