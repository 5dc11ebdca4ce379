"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.distribution.locks import lock_for_merge
from promotions.distribution.models import (
    AwardCorrection,
    Binding,
    Commission,
    CommissionEntry,
    Distributor,
    RankAward,
    Sale,
    Standing,
    Visit,
    Withdrawal,
)
from promotions.distribution.models.withdrawals import OPEN
from promotions.distribution.screening import phone_digest
from promotions.distribution.services.forgetting import remember_phone
from promotions.distribution.services.merging import hold_own_sales, join_distributors
from shop.core.errors import Detail


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """What both have sold goes on together; where both were customers, the target stays whose they are."""
    sellers = lock_for_merge(source_id=source_id, target_id=target_id)
    hold_own_sales(source_id=source_id, target_id=target_id)
    sold = _move_distributor(sellers.get(source_id), sellers.get(target_id), target_id)
    if Binding.objects.filter(member_id=target_id, ended_at=None).exists():
        _end(Binding.objects.filter(member_id=source_id, ended_at=None), now, "merge")
    Binding.objects.filter(member_id=source_id).update(member_id=target_id)
    # Nobody is a customer of their own.
    _end(Binding.objects.filter(member_id=target_id, distributor__member_id=target_id, ended_at=None), now, "merge")
    kept = set(Visit.objects.filter(member_id=target_id).values_list("distributor_id", "target", "day"))
    for visit in Visit.objects.filter(member_id=source_id):
        if (visit.distributor_id, visit.target, visit.day) in kept:
            visit.delete()
    Visit.objects.filter(member_id=source_id).update(member_id=target_id)
    Sale.objects.filter(buyer_id=source_id).update(buyer_id=target_id)
    return {"sales": sold}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Amounts stay in the books; what was written goes, and who paid. Comes before the phone goes."""
    customers = Binding.objects.filter(Q(member_id=member_id) | Q(distributor__member_id=member_id))
    if customers.exists() or Sale.objects.filter(buyer_id=member_id).exists():
        phone = Member.objects.values_list("phone", flat=True).get(pk=member_id)
        remember_phone(digest=phone_digest(phone), now=now)
    _end(customers.filter(ended_at=None), now, "erasure")
    Binding.objects.filter(member_id=member_id).update(reason="")
    sellers = Distributor.objects.filter(member_id=member_id)
    of_both = Sale.objects.filter(Q(buyer_id=member_id) | Q(distributor__member_id=member_id))
    of_both.exclude(reason="").update(reason="")
    AwardCorrection.objects.filter(distributor__member_id=member_id).update(reason="")
    return {
        "distributors": sellers.update(standing=Standing.CLOSED, note="", reason=""),
        "payers_of_sales": Sale.objects.filter(buyer_id=member_id).exclude(payer_digest="").update(payer_digest=""),
        "visits": Visit.objects.filter(member_id=member_id).delete()[0],
        "payees": Withdrawal.objects.filter(distributor__member_id=member_id).update(payee_openid="", reason=""),
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    seller = Distributor.objects.filter(member_id=member_id)
    earned = Commission.objects.filter(distributor__member_id=member_id).order_by("pk")
    entries = CommissionEntry.objects.filter(account__distributor__member_id=member_id).order_by("pk")
    bindings = Binding.objects.filter(member_id=member_id).order_by("pk")
    visits = Visit.objects.filter(member_id=member_id).order_by("pk")
    bought = Sale.objects.filter(buyer_id=member_id).order_by("pk")
    withdrawals = Withdrawal.objects.filter(distributor__member_id=member_id).order_by("pk")
    awards = RankAward.objects.filter(distributor__member_id=member_id).order_by("pk")
    corrections = AwardCorrection.objects.filter(distributor__member_id=member_id).order_by("pk")
    return {
        "distributor": list(seller.values("standing", "grade__name", "note", "reason", "applied_at", "joined_at")),
        "commissions": list(
            earned.values("sale__order_number", "level", "rate_bp", "left_fen", "earned_fen", "amount_fen")
        ),
        "commission_entries": list(
            entries.values("kind", "origin", "destination", "amount_fen", "reference", "happened_at")
        ),
        "withdrawals": list(
            withdrawals.values(
                "number", "method", "status", "amount_fen", "net_fen", "points", "requested_at", "ended_at"
            )
        ),
        "ranks_rewarded": list(
            awards.values("leaderboard__name", "first_day", "rank", "value", "reward_fen", "points")
        ),
        "rewards_corrected": list(
            corrections.values("leaderboard__name", "first_day", "reward_fen", "points", "reason", "corrected_at")
        ),
        "customer_of_distributors": list(bindings.values("came_by", "target", "bound_at", "locked_at", "ended_at")),
        "visits_by_distributors_links": list(visits.values("target", "visited_at")),
        "orders_sold_by_distributors": list(bought.values("order_number", "sold_at")),
    }


def open_withdrawals(*, member_id: int) -> Detail | None:
    """What is being withdrawn ends first."""
    if not Withdrawal.objects.filter(distributor__member_id=member_id, status__in=OPEN).exists():
        return None
    return Detail("", "open_withdrawals", _("A withdrawal of commission has not ended yet."))


def _move_distributor(source: Distributor | None, target: Distributor | None, target_id: int) -> int:
    if source is None:
        return 0
    sold = source.sales.count()
    if target is None:
        source.member_id = target_id
        source.save()
    else:
        join_distributors(source=source, target=target)
    return sold


def _end(bindings: Any, now: datetime, why: str) -> None:
    bindings.update(ended_at=now, ended_by=f"system:{why}")
