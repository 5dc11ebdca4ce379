"""What the edge and jobs call; each name lives in the module of its verb."""

from analytics.outreach.services.life import (
    approve_plan,
    copy_plan,
    pause_plan,
    resume_plan,
    save_plan,
    start_plan,
    stop_plan,
    take_back_plan,
)
from analytics.outreach.services.running import carry_on, start_due, sweep
from analytics.outreach.services.undoing import undo_run

__all__ = [
    "approve_plan",
    "carry_on",
    "copy_plan",
    "pause_plan",
    "resume_plan",
    "save_plan",
    "start_due",
    "start_plan",
    "stop_plan",
    "sweep",
    "take_back_plan",
    "undo_run",
]
