"""What staff do with a plan, as buttons above it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.outreach.models import Plan, PlanStatus
from analytics.outreach.services import (
    approve_plan,
    copy_plan,
    pause_plan,
    resume_plan,
    start_plan,
    stop_plan,
    take_back_plan,
)

S = PlanStatus
COLOURS = {"draft": "info", "awaiting": "warning", "live": "success", "paused": "warning", "ended": "danger"}


@dataclass(frozen=True)
class Step:
    """`asks`: it has a page of its own, which shows whom the plan would reach now."""

    name: str
    label: Any
    done: Any
    allowed_in: frozenset[str]
    run: Callable[..., Plan]
    asks: bool = False
    is_main: bool = False


STEPS: tuple[Step, ...] = (
    Step("start", _("Preview and start"), _("“{name}” has started."), frozenset({S.DRAFT}), start_plan, True, True),
    Step(
        "approve",
        _("Preview and approve"),
        _("“{name}” has started."),
        frozenset({S.AWAITING}),
        approve_plan,
        True,
        True,
    ),
    Step("take-back", _("Back to draft"), _("“{name}” is a draft again."), frozenset({S.AWAITING}), take_back_plan),
    Step("resume", _("Resume"), _("“{name}” goes on."), frozenset({S.PAUSED}), resume_plan, is_main=True),
    Step("pause", _("Pause"), _("“{name}” is paused: nothing more goes out."), frozenset({S.LIVE}), pause_plan),
    Step(
        "stop",
        _("Stop for good"),
        _("“{name}” is stopped: who waits gets nothing."),
        frozenset({S.LIVE, S.PAUSED}),
        stop_plan,
    ),
    Step("copy", _("Copy"), _("“{name}” is a draft of its own."), frozenset(S.values), copy_plan),
)
BY_NAME = {step.name: step for step in STEPS}
WAITS = _("“{name}” waits for a second person's approval.")
