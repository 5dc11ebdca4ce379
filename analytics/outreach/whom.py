"""Whom a plan means, as they are now: the same question before it starts, when it chooses, and right before it acts."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from analytics.outreach.models import Plan, Whom
from analytics.traffic.models import SessionFact
from members.identity.models import Member
from members.segments.models import SegmentMembership
from members.segments.queries import audience, current
from orders.cart.models import CartItem
from orders.checkout.models import Order
from points.ledger.models import PointLot
from shop.core.clock import business_day

DAY = timedelta(days=1)


def members_aimed_at(plan: Plan, *, now: datetime) -> QuerySet[Member]:
    """The active members that the plan's audience holds at `now`, each once."""
    if plan.whom == Whom.SEGMENTS or plan.segment_ids:
        found = audience(segment_ids=plan.segment_ids, now=now)
    else:
        found = Member.objects.filter(status=Member.Status.ACTIVE)
    if plan.without_segment_ids:
        held = SegmentMembership.objects.filter(
            current(now=now), member=OuterRef("pk"), segment__in=plan.without_segment_ids
        )
        found = found.exclude(Exists(held))
    if plan.whom == Whom.CARTS:
        return _with_abandoned_carts(found, plan, now)
    return (
        found.filter(Exists(expiring_lots(plan, now=now).filter(member=OuterRef("pk"))))
        if plan.whom == Whom.EXPIRING
        else found
    )


def expiring_lots(plan: Plan, *, now: datetime) -> QuerySet[PointLot]:
    """Points that can be spent now and are gone within the plan's days."""
    return PointLot.objects.filter(
        remaining__gt=F("held"),
        is_mature=True,
        expires_at__gt=now,
        expires_at__lte=now + plan.within_days * DAY,
    )


def _with_abandoned_carts(members: QuerySet[Member], plan: Plan, now: datetime) -> QuerySet[Member]:
    """Who has a session that put something into the cart and no order came from (the definition of *carts abandoned*),
    has ordered nothing since it began, is not at it any more, and still has something in the cart.
    """
    idle, oldest = now - timedelta(hours=plan.idle_hours), now - plan.within_days * DAY
    filled = SessionFact.objects.filter(
        day__gte=business_day(oldest) - DAY, carts__gt=0, ended_at__gt=oldest, member_id__isnull=False
    )
    since = Order.objects.filter(member=OuterRef("member_id"), placed_at__gte=OuterRef("started_at"))
    left = filled.filter(~Exists(since), orders=0, ended_at__lte=idle)
    return members.filter(
        Exists(CartItem.objects.filter(member=OuterRef("pk"))), pk__in=Subquery(left.values("member_id"))
    ).exclude(pk__in=Subquery(filled.filter(ended_at__gt=idle).values("member_id")))
