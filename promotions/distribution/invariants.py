"""Laws of distribution on live data."""

from typing import Any

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from promotions.distribution.models import (
    AwardCorrection,
    Bucket,
    Commission,
    CommissionAccount,
    CommissionEntry,
    EntryKind,
    RankAward,
    Sale,
    Withdrawal,
    WithdrawalStatus,
)
from promotions.distribution.models.withdrawals import OPEN
from promotions.distribution.rates import shares
from promotions.distribution.services.selling import BUCKETS

SHOWN = 20
HELD = (Bucket.FROZEN, Bucket.SETTLED, Bucket.AVAILABLE, Bucket.RESERVED, Bucket.PAID)
_WORTH = BigIntegerField()
_REWARDS = (RankAward, AwardCorrection)


def accounts_are_the_sum_of_their_entries() -> list[str]:
    wrong = []
    accounts = CommissionAccount.objects.annotate(**{f"sum_{bucket.value}": _sum_of(bucket) for bucket in HELD})
    for bucket in HELD:
        found = accounts.exclude(**{f"{bucket.value}_fen": F(f"sum_{bucket.value}")}).order_by("pk")
        wrong += [
            f"account {row.pk}: {bucket.value} {getattr(row, f'{bucket.value}_fen')},"
            f" entries {getattr(row, f'sum_{bucket.value}')}"
            for row in found[:SHOWN]
        ]
    return wrong


def commissions_add_up_to_the_fen() -> list[str]:
    """An order's commissions of a level are their rates times what is left of its lines, rounded down once."""
    wrong, batch = [], list[Commission]()
    rows = Commission.objects.select_related("sale").order_by("sale_id", "level", "position")
    for row in rows.iterator(chunk_size=2_000):
        if batch and (batch[0].sale_id, batch[0].level) != (row.sale_id, row.level):
            wrong += _wrong_shares(batch)
            batch = []
        batch.append(row)
    return [*wrong, *_wrong_shares(batch)][:SHOWN]


def ledger_and_orders_agree() -> list[str]:
    """What entries have given for an order and not taken back is what it is worth, and lies where it has come to."""
    worth = Commission.objects.filter(sale=OuterRef("pk")).order_by().values("sale").annotate(fen=Sum("amount_fen"))
    lies = [When(stage=stage, then=_of_sale(bucket)) for stage, bucket in BUCKETS.items()]
    sales = Sale.objects.annotate(
        worth=Coalesce(Subquery(worth.values("fen"), output_field=_WORTH), 0), booked=Case(*lies, default=Value(0))
    )
    wrong = sales.exclude(worth=F("booked")).order_by("pk")
    return [f"order {row.order_number}: worth {row.worth}, booked {row.booked}" for row in wrong[:SHOWN]]


def sales_know_what_is_left_of_their_lines() -> list[str]:
    rows = Commission.objects.filter(sale=OuterRef("pk"), level=1).order_by().values("sale")
    left = Subquery(rows.annotate(fen=Sum("left_fen")).values("fen"), output_field=_WORTH)
    wrong = Sale.objects.annotate(of_lines=Coalesce(left, 0)).exclude(left_fen=F("of_lines")).order_by("pk")
    return [f"order {row.order_number}: {row.left_fen} left, {row.of_lines} by lines" for row in wrong[:SHOWN]]


def withdrawals_and_accounts_agree() -> list[str]:
    """What is reserved is asked for and not decided yet; what was paid is what withdrawals have paid."""
    rows = Withdrawal.objects.filter(distributor=OuterRef("pk")).order_by().values("distributor")
    accounts = CommissionAccount.objects.annotate(
        asked=_amount(rows.filter(status__in=OPEN)), paid_out=_amount(rows.filter(status=WithdrawalStatus.PAID))
    )
    wrong = accounts.exclude(reserved_fen=F("asked"), paid_fen=F("paid_out")).order_by("pk")
    return [
        f"account {row.pk}: {row.reserved_fen} reserved for {row.asked} asked, {row.paid_fen} paid of {row.paid_out}"
        for row in wrong[:SHOWN]
    ]


def rewards_and_ledger_agree() -> list[str]:
    """What entries have given for ranks and taken back is what awards and their corrections say."""
    of_seller = {"distributor": OuterRef("pk")}
    rows = CommissionEntry.objects.filter(account=OuterRef("pk")).order_by().values("account")
    awards, corrections = (model.objects.filter(**of_seller).order_by().values("distributor") for model in _REWARDS)
    accounts = CommissionAccount.objects.annotate(
        given=_amount(rows.filter(kind=EntryKind.AWARDED)),
        taken=_amount(rows.filter(kind=EntryKind.RESCINDED)),
        awarded=_amount(awards, "reward_fen"),
        corrected=_amount(corrections, "reward_fen"),
    )
    wrong = accounts.exclude(given=F("taken") + F("awarded") + F("corrected")).order_by("pk")
    return [
        f"account {row.pk}: {row.given} given for ranks and {row.taken} taken back, {row.awarded} awarded and"
        f" {row.corrected} corrected"
        for row in wrong[:SHOWN]
    ]


LAWS = (
    accounts_are_the_sum_of_their_entries,
    commissions_add_up_to_the_fen,
    ledger_and_orders_agree,
    sales_know_what_is_left_of_their_lines,
    withdrawals_and_accounts_agree,
    rewards_and_ledger_agree,
)


def _sum_of(bucket: Bucket) -> Coalesce:
    rows = CommissionEntry.objects.filter(account=OuterRef("pk")).order_by().values("account")
    return _net(rows, bucket)


def _of_sale(bucket: Bucket) -> Coalesce:
    return _net(CommissionEntry.objects.filter(sale=OuterRef("pk")).order_by().values("sale"), bucket)


def _net(rows: QuerySet[Any, Any], bucket: Bucket) -> Coalesce:
    came = Sum("amount_fen", filter=Q(destination=bucket), default=0)
    went = Sum("amount_fen", filter=Q(origin=bucket), default=0)
    return Coalesce(Subquery(rows.annotate(net=came - went).values("net"), output_field=_WORTH), 0)


def _amount(rows: QuerySet[Any, Any], column: str = "amount_fen") -> Coalesce:
    return Coalesce(Subquery(rows.annotate(fen=Sum(column)).values("fen"), output_field=_WORTH), 0)


def _wrong_shares(batch: list[Commission]) -> list[str]:
    if not batch:
        return []
    sale = batch[0].sale
    rates = [0 if sale.review == Sale.Review.REFUSED else row.rate_bp for row in batch]
    expected = shares([row.left_fen for row in batch], rates)
    found = [row.amount_fen for row in batch]
    if found == expected:
        return []
    return [f"order {sale.order_number}, level {batch[0].level}: {found} instead of {expected}"]
