"""Reads of bargains: what may be bargained for, how an attempt stands, which ones a member has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from members.identity.models import Member
from members.invitations.targets import ShareTarget
from promotions.bargaining.errors import BargainAttemptNotFound
from promotions.bargaining.models import AttemptStatus, Bargain, BargainAttempt, BargainTally
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import live_at, open_to, switched_on
from promotions.campaigns.version import OFF
from shop.catalog.queries import SkuSnapshot, on_shelf, sku_snapshots


@dataclass(frozen=True)
class Offered:
    """A bargain as one member finds it; `attempts_left` is None for somebody who has not signed in."""

    bargain: Bargain
    sku: SkuSnapshot
    attempts_left: int | None
    attempt: BargainAttempt | None


@dataclass(frozen=True)
class Shown:
    """An attempt with its goods as they are shown now."""

    attempt: BargainAttempt
    sku: SkuSnapshot


def running_at(now: datetime) -> Q:
    """The condition that a bargain can be started: it acts, and its goods are sold."""
    return live_at(now) & on_shelf(now=now, prefix="sku__product__") & Q(sku__is_active=True)


def open_at(now: datetime) -> Q:
    """The condition that an attempt can be cut or ordered, as far as its own time goes."""
    return Q(status=AttemptStatus.OPEN, expires_at__gt=now)


def bargains_for(*, buyer: Buyer, now: datetime) -> QuerySet[Bargain]:
    """Those that the buyer may start and that are not sold out; none while all promotions are switched off."""
    if buyer.stamp == OFF:
        return Bargain.objects.none()
    return Bargain.objects.filter(running_at(now) & open_to(buyer) & Bargain.has_units())


def offered_to(bargains: Sequence[Bargain], *, member_id: int | None, now: datetime) -> list[Offered]:
    """With the member's part in them: one query for the goods, and two where somebody is signed in."""
    skus = sku_snapshots(sku_ids=[each.sku_id for each in bargains], now=now)
    if member_id is None:
        return [Offered(each, skus[each.sku_id], None, None) for each in bargains]
    ids = [each.pk for each in bargains]
    mine = BargainAttempt.objects.filter(bargain__in=ids, member=member_id).order_by("pk")
    latest = {each.bargain_id: each for each in mine}
    made = dict(BargainTally.objects.filter(bargain__in=ids, member=member_id).values_list("bargain_id", "attempts"))
    return [
        Offered(each, skus[each.sku_id], max(0, each.attempts_per_member - made.get(each.pk, 0)), latest.get(each.pk))
        for each in bargains
    ]


def attempt_shown(*, attempt_id: int, now: datetime) -> Shown:
    """With its bargain, its member and its cuts, in three queries. Raises BargainAttemptNotFound."""
    attempts = BargainAttempt.objects.select_related("bargain", "member").prefetch_related("cuts__helper")
    attempt = attempts.filter(pk=attempt_id).first()
    if attempt is None:
        raise BargainAttemptNotFound
    return shown([attempt], now=now)[0]


def shown(attempts: Sequence[BargainAttempt], *, now: datetime) -> list[Shown]:
    skus = sku_snapshots(sku_ids=[each.sku_id for each in attempts], now=now)
    return [Shown(each, skus[each.sku_id]) for each in attempts]


def attempts_of(*, member_id: int) -> QuerySet[BargainAttempt]:
    return (
        BargainAttempt.objects.filter(member=member_id)
        .select_related("bargain", "member")
        .prefetch_related("cuts__helper")
    )


def shown_name(member: Member | None) -> str:
    """As strangers see it."""
    return f"{member.nickname[0]}***" if member is not None and member.nickname else "***"


def share_target(*, pk: int, now: datetime) -> ShareTarget | None:
    """An attempt that can still be helped, with its present price."""
    attempt = BargainAttempt.objects.filter(open_at(now), switched_on(), pk=pk).select_related("bargain").first()
    if attempt is None or not attempt.bargain.is_live(now=now):
        return None
    [found] = shown([attempt], now=now)
    return ShareTarget(
        key=f"bargain-{pk}", title=found.sku.product_name, subtitle=attempt.bargain.name, price_fen=attempt.price_fen
    )
