"""The stages as segments, so that every campaign can have them as its audience."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext, override

from analytics.buyers.models import BuyerProfile, Stage
from members.segments.models import Segment
from members.segments.services import refresh_segment

SOURCE = "analytics"


def code_of(stage: str) -> str:
    return f"stage-{stage.replace('_', '-')}"


def stage_segment(stage: str) -> Segment:
    """Made where there is none yet, named in the shop's language; the merchant may name it otherwise."""
    with override(settings.LANGUAGE_CODE):
        name = str(Stage(stage).label)
        said = gettext("Worked out every night from orders and visits.")
    return Segment.objects.get_or_create(code=code_of(stage), defaults={"name": name, "description": said})[0]


def fill_segments(*, now: datetime) -> Mapping[str, int]:
    """Each in a transaction of its own, in bounded memory."""
    counts = [0, 0]
    for stage in Stage.values:
        members = BuyerProfile.objects.filter(stage=stage).order_by("pk").values_list("pk", flat=True)
        found = refresh_segment(
            code=stage_segment(stage).code, source=SOURCE, member_ids=members.iterator(chunk_size=5_000), now=now
        )
        counts = [total + count for total, count in zip(counts, found, strict=True)]
    return {"evaluated": counts[0], "moved": counts[1]}
