"""What other rooms and the edge call; each name lives in the module of its verb."""

from points.rules.services.earning import earn, mature, take_back, undo
from points.rules.services.publishing import holidays_changed, pause_rule, publish_rule, resume_rule, save_draft

__all__ = [
    "earn",
    "holidays_changed",
    "mature",
    "pause_rule",
    "publish_rule",
    "resume_rule",
    "save_draft",
    "take_back",
    "undo",
]
