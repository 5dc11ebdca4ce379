"""The pool of codes of a reward: what comes in, and what leaves it unused: expired, or imported by mistake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F

from points.mall.errors import NotACodeReward
from points.mall.models import Reward, RewardCode
from points.mall.sealing import BOX
from shop.core.transactions import use_case

BATCH = 2_000


@dataclass(frozen=True)
class Imported:
    """How many codes came, and which were there already: in the file before, or anywhere in the shop."""

    added: int
    known: list[int]


@use_case
def import_codes(*, reward_id: int, codes: Sequence[str], expires_at: datetime | None, now: datetime) -> Imported:
    """Seal the codes that the shop has not had yet; there are as many of the reward as it has codes.

    `known` counts from nought in the order given. Raises NotACodeReward.
    """
    reward = Reward.objects.select_for_update(no_key=True, of=("self",)).get(pk=reward_id)
    if reward.kind != Reward.Kind.CODE:
        raise NotACodeReward
    keys = [BOX.fingerprint(code) for code in codes]
    _come_alone()
    there = _kept(keys)
    first = {key: position for position, key in reversed(list(enumerate(keys)))}
    new = [key for key in dict.fromkeys(keys) if key not in there]
    RewardCode.objects.bulk_create(
        (
            RewardCode(
                reward=reward,
                sealed=BOX.seal(codes[first[key]]),
                fingerprint=key,
                expires_at=expires_at,
                imported_at=now,
            )
            for key in new
        ),
        batch_size=BATCH,
    )
    # With its history; what redemptions count meanwhile is left alone.
    reward.quota = (reward.quota or 0) + len(new)
    reward.save(update_fields=["quota"])
    known = [position for position, key in enumerate(keys) if key in there or first[key] != position]
    return Imported(added=len(new), known=known)


@use_case
def take_codes_out(*, reward_id: int, imported_at: datetime) -> int:
    """What came at that moment and nobody has is gone, as if it had never come. Returns how many codes.

    Raises NotACodeReward.
    """
    reward = Reward.objects.select_for_update(no_key=True, of=("self",)).get(pk=reward_id)
    if reward.kind != Reward.Kind.CODE:
        raise NotACodeReward
    free = RewardCode.objects.filter(reward=reward, imported_at=imported_at, redemption=None, retired_at=None)
    count = free.delete()[0]
    reward.quota = (reward.quota or 0) - count
    reward.save(update_fields=["quota"])
    return count


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


def _come_alone() -> None:
    """Two that bring the same codes in another order would wait for each other without end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('mall:codes', 0))")


def _kept(keys: Sequence[bytes]) -> set[bytes]:
    found = RewardCode.objects.filter(fingerprint__in=keys).values_list("fingerprint", flat=True)
    return {bytes(each) for each in found}
