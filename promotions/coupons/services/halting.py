"""The staff stops the unused coupons of a template: suspended for a while, resumed, or void for good.

Each acts at once, by one column of the template at which everybody looks who gives or uses a coupon. What follows for
each coupon is done in batches, a transaction each, from where the last one ended. Coupons that orders hold stay with
them: an order is placed at the price that it was promised. Those that come back are what the others are by then.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from promotions.campaigns.locks import lock_campaign
from promotions.campaigns.models import TRANSITIONS as STEPS
from promotions.campaigns.models import CampaignStatus, EndReason
from promotions.campaigns.services.lifecycle import end
from promotions.coupons.errors import NobodyHoldsCoupons
from promotions.coupons.facts import CouponsHalted
from promotions.coupons.models import Coupon, CouponTemplate, Halt
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.models.halts import RESULTS, TRANSITIONS, HaltKind, HaltStatus
from promotions.coupons.notices import tell_halted
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import use_case

BATCH = 500


def unused(template_id: int, *, now: datetime) -> QuerySet[Coupon]:
    return Coupon.objects.filter(template=template_id, status=CouponStatus.UNUSED, valid_until__gt=now)


def counted(template_id: int, *, now: datetime) -> dict[str, int]:
    """What a halt would meet: unused `coupons` of so many `members`, and those that orders have `held`."""
    found = unused(template_id, now=now).aggregate(coupons=Count("pk"), members=Count("member", distinct=True))
    held = Coupon.objects.filter(template=template_id, status=CouponStatus.LOCKED).count()
    return {**found, "held": held}


@use_case
def halt_coupons(*, template_id: int, kind: str, reason: str, tells_members: bool, actor: Actor, now: datetime) -> Halt:
    """Suspend, resume or end what members hold of the template. What is made void is given to nobody any more.

    Raises NobodyHoldsCoupons, IllegalTransition.
    """
    template = lock_campaign(CouponTemplate, template_id)
    if not template.claimed_count:
        raise NobodyHoldsCoupons
    check_transition(TRANSITIONS, current=template.halted, target=RESULTS[kind])
    overtaken = Halt.objects.filter(template=template, status=HaltStatus.RUNNING)
    overtaken.update(status=HaltStatus.OVERTAKEN, finished_at=now)
    template.halted = RESULTS[kind]
    template.save(update_fields=["halted"])
    if kind == HaltKind.VOID and CampaignStatus.ENDED in STEPS[CampaignStatus(template.status)]:
        end(template, EndReason.STOPPED, actor=actor, now=now)
    halt = Halt.objects.create(
        template=template,
        kind=kind,
        reason=reason[:200],
        tells_members=tells_members,
        coupon_count=unused(template.pk, now=now).count(),
        created_by=str(actor)[:80],
        created_at=now,
    )
    publish(CouponsHalted(halt_id=halt.pk, template_id=template.pk, kind=kind, at=now))
    return halt


def run_halt(*, halt_id: int, now: datetime, batches: int = 1_000) -> int:
    """See to coupons in batches until none is left; returns how many. Safe to run twice at once."""
    seen_to = 0
    for _ in range(batches):
        count = _run_batch(halt_id=halt_id, now=now)
        seen_to += count
        if not count:
            break
    return seen_to


def run_halts(*, now: datetime) -> int:
    """Those that a killed worker left unfinished, and those that wait for what orders hold."""
    running = Halt.objects.filter(status=HaltStatus.RUNNING).order_by("pk").values_list("pk", flat=True)
    return sum(run_halt(halt_id=pk, now=now, batches=20) for pk in list(running))


@use_case
def _run_batch(*, halt_id: int, now: datetime) -> int:
    running = Halt.objects.filter(pk=halt_id, status=HaltStatus.RUNNING).select_related("template")
    halt = running.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if halt is None:
        return 0
    coupons = _next(halt, now)
    if not coupons:
        _finish(halt, now)
        return 0
    if halt.kind == HaltKind.VOID:
        keys = [coupon.pk for coupon in coupons]
        Coupon.objects.filter(pk__in=keys).update(
            status=CouponStatus.VOID, voided_by=halt.created_by, void_reason=halt.reason
        )
    if halt.tells_members:
        tell_halted(halt, member_ids=sorted({coupon.member_id for coupon in coupons}), now=now)
    Halt.objects.filter(pk=halt.pk).update(
        done_count=F("done_count") + len(coupons), last_coupon_id=max(coupon.pk for coupon in coupons)
    )
    return len(coupons)


def _next(halt: Halt, now: datetime) -> Sequence[Coupon]:
    """Of those to be made void whichever are left, because more may come back from orders; locked, as they change."""
    coupons = unused(halt.template_id, now=now).order_by("pk")
    if halt.kind == HaltKind.VOID:
        return list(coupons.select_for_update(no_key=True)[:BATCH])
    return list(coupons.filter(pk__gt=halt.last_coupon_id)[:BATCH])


def _finish(halt: Halt, now: datetime) -> None:
    held = Coupon.objects.filter(Q(template=halt.template_id), status=CouponStatus.LOCKED)
    # Looked for in this order: what was held a moment ago and came back meanwhile is unused by now.
    if halt.kind == HaltKind.VOID and (held.exists() or unused(halt.template_id, now=now).exists()):
        return
    Halt.objects.filter(pk=halt.pk).update(status=HaltStatus.DONE, finished_at=now)
