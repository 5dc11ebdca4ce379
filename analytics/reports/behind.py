"""Which members stand behind a figure. Visitors who never signed in are counted, not named."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet, Sum

from analytics.funnel.queries import FunnelQuestion, Steps, visitors_reaching
from analytics.traffic.models import SessionFact
from analytics.traffic.queries import Slice
from members.identity.models import Member
from orders.checkout.models import Order
from shop.core.clock import day_bounds

MOST = 200
_SESSIONS = {
    "visitors": Q(),
    "sessions": Q(),
    "bounce_bp": Q(is_bounce=True),
    "idle_bp": Q(is_idle=True),
    "cart_abandonment_bp": Q(carts__gt=0, orders=0),
}
_FUNNEL = {f"funnel_{step}": step for step in Steps._fields}
KEYS = (*_SESSIONS, *_FUNNEL, "paid", "buyers", "new_members")


class Row(NamedTuple):
    """`times`: sessions, or orders paid."""

    member: Member
    times: int
    orders: int
    last_at: datetime


class Behind(NamedTuple):
    """The first of `members`, who were there most often, and how many sessions were nobody's."""

    members: int
    nameless: int
    rows: list[Row]


def behind(key: str, asked: Slice) -> Behind:
    """Raises KeyError for a figure that no members stand behind."""
    if key in ("paid", "buyers"):
        return _buyers(asked)
    if key == "new_members":
        return _joined(asked)
    facts = asked.of(SessionFact)
    if key in _FUNNEL:
        question = FunnelQuestion(asked.first, asked.last, channel=asked.channel, device=asked.device)
        # A chain is of the front of its start: its visitors' sessions may be of others.
        facts = SessionFact.objects.filter(day__range=(asked.first, asked.last))
        return _of_sessions(facts.filter(visitor_id__in=visitors_reaching(question, _FUNNEL[key])))
    return _of_sessions(facts.filter(_SESSIONS[key]))


def _of_sessions(facts: QuerySet[Any]) -> Behind:
    named = facts.filter(member_id__isnull=False)
    rows = named.values("member_id").annotate(times=Count("pk"), bought=Sum("paid_orders"), last_at=Max("started_at"))
    members = named.aggregate(found=Count("member_id", distinct=True))["found"]
    return Behind(members, facts.filter(member_id__isnull=True).count(), _most_often(rows))


def _buyers(asked: Slice) -> Behind:
    start, end = day_bounds(asked.first)[0], day_bounds(asked.last)[1]
    paid = Order.objects.filter(paid_at__gte=start, paid_at__lt=end).order_by()
    if asked.channel:
        paid = paid.filter(channel=asked.channel)
    rows = paid.values("member_id").annotate(times=Count("pk"), bought=Count("pk"), last_at=Max("paid_at"))
    return Behind(paid.aggregate(found=Count("member", distinct=True))["found"], 0, _most_often(rows))


def _joined(asked: Slice) -> Behind:
    start, end = day_bounds(asked.first)[0], day_bounds(asked.last)[1]
    joined = Member.objects.filter(joined_at__gte=start, joined_at__lt=end)
    found = [Row(member, 0, 0, member.joined_at) for member in joined.order_by("-joined_at", "-pk")[:MOST]]
    return Behind(joined.count(), 0, found)


def _most_often(rows: QuerySet[Any, Any]) -> list[Row]:
    found = list(rows.order_by("-times", "member_id")[:MOST])
    members = Member.objects.in_bulk([row["member_id"] for row in found])
    return [
        Row(members[row["member_id"]], row["times"], row["bought"], row["last_at"])
        for row in found
        if row["member_id"] in members
    ]
