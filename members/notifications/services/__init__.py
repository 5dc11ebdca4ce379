"""The only code that changes notifications."""

from members.notifications.services.credits import record_answer
from members.notifications.services.delivering import deliver, deliver_due
from members.notifications.services.inbox import choose, mark_read
from members.notifications.services.notifying import notify, notify_staff

__all__ = ["choose", "deliver", "deliver_due", "mark_read", "notify", "notify_staff", "record_answer"]
