"""The steps of a campaign's life, as buttons above its form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from promotions.campaigns.models import Campaign, CampaignStatus
from promotions.campaigns.services.lifecycle import (
    approve_campaign,
    clone_campaign,
    end_campaign,
    pause_campaign,
    publish_campaign,
    resume_campaign,
    withdraw_campaign,
)

Status = CampaignStatus
STOPPABLE = (Status.SCHEDULED, Status.RUNNING, Status.PAUSED)


@dataclass(frozen=True)
class Step:
    """A button above the form. With a page of its own it asks something first; otherwise one click does it."""

    name: str
    label: Any
    allowed_in: frozenset[str]
    run: Callable[..., Campaign] | None = None
    asks: bool = False
    is_main: bool = False


def _in(*statuses: str) -> frozenset[str]:
    return frozenset(statuses)


STEPS: tuple[Step, ...] = (
    Step("publish", gettext_lazy("Check and publish"), _in(Status.DRAFT), publish_campaign, asks=True, is_main=True),
    Step("approve", gettext_lazy("Check and approve"), _in(Status.AWAITING_APPROVAL), approve_campaign, True, True),
    Step(
        "withdraw",
        gettext_lazy("Back to draft"),
        _in(Status.AWAITING_APPROVAL, Status.SCHEDULED, Status.PAUSED),
        withdraw_campaign,
        asks=True,
    ),
    Step("resume", gettext_lazy("Resume"), _in(Status.PAUSED), resume_campaign, is_main=True),
    Step("pause", gettext_lazy("Pause"), _in(Status.SCHEDULED, Status.RUNNING), pause_campaign),
    Step("stop", gettext_lazy("Stop for good"), _in(*STOPPABLE), end_campaign, asks=True),
    Step("clone", gettext_lazy("Clone"), _in(*Status.values), clone_campaign),
)
DONE = {
    "publish": gettext_lazy("“{name}” is published."),
    "approve": gettext_lazy("“{name}” is approved."),
    "withdraw": gettext_lazy("“{name}” is a draft again."),
    "resume": gettext_lazy("“{name}” acts again."),
    "pause": gettext_lazy("“{name}” is paused: no new price has it."),
    "stop": gettext_lazy("“{name}” is stopped."),
    "clone": gettext_lazy("“{name}” is a draft of its own."),
}
WAITS = gettext_lazy("“{name}” waits for a second person's approval.")
