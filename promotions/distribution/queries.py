"""Reads of what distributors have sold and earned."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from members.identity.models import Member
from promotions.distribution.errors import NotDistributor, WithdrawalNotFound
from promotions.distribution.models import (
    Binding,
    Commission,
    CommissionEntry,
    Distributor,
    Sale,
    Standing,
    Visit,
    Withdrawal,
)
from promotions.distribution.preferences import JOINING, SECOND_LEVEL, SPEND_FEN
from shop.core.clock import business_day
from shop.core.prepared import Prepared

# Written out, because every payment asks.
_HAS_SELLER = Prepared(
    "has_seller",
    """
SELECT EXISTS (SELECT FROM distribution_distributor WHERE member_id = %(member)s::bigint)
    OR EXISTS (SELECT FROM distribution_binding WHERE member_id = %(member)s::bigint)
""",
)


def may_be_sold_to(*, member_id: int) -> bool:
    """Whether anybody can have sold what the member buys; to most members nobody ever has."""
    return _HAS_SELLER.row({"member": member_id}) == (True,)


def distributor_of(*, member_id: int) -> Distributor:
    """Who has joined or applied; raises NotDistributor for all others."""
    rows = Distributor.objects.select_related("member", "grade", "account")
    found = rows.filter(member_id=member_id).exclude(standing=Standing.CLOSED).first()
    if found is None:
        raise NotDistributor
    return found


def selling_distributor(*, member_id: int) -> Distributor:
    """Who sells now; raises NotDistributor for all others."""
    found = distributor_of(member_id=member_id)
    if found.standing != Standing.ACTIVE or found.member.status != Member.Status.ACTIVE:
        raise NotDistributor
    return found


def withdrawals_of(*, distributor: Distributor) -> QuerySet[Withdrawal]:
    return Withdrawal.objects.filter(distributor=distributor)


def withdrawal_of(*, member_id: int, number: str) -> Withdrawal:
    """Raises WithdrawalNotFound, for another's too."""
    found = Withdrawal.objects.filter(number=number, distributor__member_id=member_id).first()
    if found is None:
        raise WithdrawalNotFound
    return found


def summary_of(*, member_id: int, now: datetime) -> dict[str, Any]:
    """Where a member stands, what they have and what they have brought; four queries for a distributor, one else."""
    rows = Distributor.objects.select_related("member", "grade", "account").exclude(standing=Standing.CLOSED)
    found = rows.filter(member_id=member_id).first()
    joining = {"joining": JOINING.value(), "spend_fen": SPEND_FEN.value()}
    if found is None:
        return {**joining, "distributor": None}
    return {**joining, "distributor": found, "account": found.account, **_brought(found, now)}


def _brought(distributor: Distributor, now: datetime) -> dict[str, Any]:
    month = Q(sold_on__gte=business_day(now).replace(day=1))
    sold = Sale.objects.filter(distributor=distributor).exclude(review=Sale.Review.REFUSED)
    standing = Q(left_fen__gt=0)
    return {
        "has_second_level": SECOND_LEVEL.value(),
        "customers": customers_of(distributor=distributor, now=now).count(),
        "visitors": Visit.objects.filter(distributor=distributor).values("member").distinct().count(),
        **sold.aggregate(
            orders=Count("pk", filter=standing),
            sales_fen=Sum("left_fen", default=0),
            points=Sum("points", default=0),
            orders_this_month=Count("pk", filter=standing & month),
            sales_this_month_fen=Sum("left_fen", filter=month, default=0),
        ),
    }


def customers_of(*, distributor: Distributor, now: datetime) -> QuerySet[Binding]:
    """Those who are now: the first paid order has bound them for good, or their visit is not too long ago."""
    alive = Q(locked_at__isnull=False) | Q(until=None) | Q(until__gt=now)
    return Binding.objects.filter(alive, distributor=distributor, ended_at=None)


def listed_customers(*, distributor: Distributor, now: datetime) -> QuerySet[Any, Any]:
    bought = Sale.objects.filter(distributor=distributor, buyer=OuterRef("member"), left_fen__gt=0)
    rows = customers_of(distributor=distributor, now=now).annotate(has_bought=Exists(bought))
    return rows.values("id", "member__nickname", "came_by", "target", "bound_at", "until", "locked_at", "has_bought")


def commissions_of(*, distributor: Distributor) -> QuerySet[Any, Any]:
    """Line by line, with how far the order has come."""
    return Commission.objects.filter(distributor=distributor).values(
        "id",
        "sale__order_number",
        "sale__stage",
        "sale__review",
        "sale__reason",
        "sale__sold_at",
        "sale__settles_at",
        "position",
        "product_id",
        "product__name",
        "quantity",
        "level",
        "rate_bp",
        "paid_fen",
        "left_fen",
        "earned_fen",
        "amount_fen",
    )


def entries_of(*, distributor: Distributor) -> QuerySet[Any, Any]:
    """The statement: every move of their money."""
    return CommissionEntry.objects.filter(account=distributor.pk).values(
        "id", "kind", "origin", "destination", "amount_fen", "available_after_fen", "reference", "happened_at"
    )
