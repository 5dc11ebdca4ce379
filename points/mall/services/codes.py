"""The pool of codes of a reward: what comes in, and what leaves it unused because it has expired."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from points.mall.errors import NotACodeReward
from points.mall.models import Reward, RewardCode
from points.mall.sealing import BOX
from shop.core.transactions import use_case

MOST_CODES, LONGEST_CODE = 20_000, 200
BATCH = 2_000


@dataclass(frozen=True)
class Imported:
    """How many codes came, and how many were there already: in the file before, or anywhere in the shop."""

    added: int
    known: int


@use_case
def import_codes(*, reward_id: int, codes: Iterable[str], expires_at: datetime | None, now: datetime) -> Imported:
    """Seal the codes that the shop has not had yet; there are as many of the reward as it has codes.

    Raises NotACodeReward.
    """
    reward = Reward.objects.select_for_update(no_key=True, of=("self",)).get(pk=reward_id)
    if reward.kind != Reward.Kind.CODE:
        raise NotACodeReward
    given = list(codes)
    wanted = {BOX.fingerprint(code): code for code in given}
    there = _known(wanted)
    rows = [
        RewardCode(reward=reward, sealed=BOX.seal(code), fingerprint=key, expires_at=expires_at, imported_at=now)
        for key, code in wanted.items()
        if key not in there
    ]
    # One that comes to another reward at this very moment is that reward's.
    RewardCode.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    added = RewardCode.objects.filter(reward=reward, fingerprint__in=[each.fingerprint for each in rows]).count()
    # With its history; what redemptions count meanwhile is left alone.
    reward.quota = (reward.quota or 0) + added
    reward.save(update_fields=["quota"])
    return Imported(added=added, known=len(given) - added)


@use_case
def retire_codes(*, now: datetime, limit: int = BATCH) -> int:
    """Codes that expired before anybody had them are no longer counted. Returns how many."""
    due = RewardCode.objects.filter(redemption=None, retired_at=None, expires_at__lte=now).order_by("reward", "pk")
    retired = 0
    for reward_id in sorted(set(due.values_list("reward", flat=True)[:limit])):
        # The row at which redemptions wait, before its codes.
        Reward.objects.select_for_update(no_key=True, of=("self",)).get(pk=reward_id)
        count = due.filter(reward=reward_id).order_by().update(retired_at=now)
        Reward.objects.filter(pk=reward_id).update(quota=F("quota") - count)
        retired += count
    return retired


def _known(wanted: Iterable[bytes]) -> set[bytes]:
    found = RewardCode.objects.filter(fingerprint__in=list(wanted)).values_list("fingerprint", flat=True)
    return {bytes(each) for each in found}
