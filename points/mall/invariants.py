"""Laws of the points mall on live data."""

from typing import Any

from django.db.models import Count, F, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from points.mall.models import (
    STANDING,
    Redemption,
    RedemptionStatus,
    Reward,
    RewardCode,
    RewardTally,
    Slot,
    Voucher,
    VoucherStatus,
    Zone,
)
from points.mall.models.redemptions import SEATED

SHOWN = 20


def quotas_count_what_stands() -> list[str]:
    """Of rewards and of the pools of zones."""
    found = []
    for model, name in ((Reward, "reward"), (Zone, "zone")):
        wrong = _with_sum(model, name, _standing()).exclude(taken=F("summed")).order_by("pk")
        found += [f"{name} {row.pk}: {row.taken} taken, {row.summed} stand" for row in wrong[:SHOWN]]
    return found


def tallies_count_what_members_have() -> list[str]:
    mine = _standing().filter(reward=OuterRef("reward"), member=OuterRef("member")).order_by()
    units = mine.values("reward").annotate(n=Sum(F("units") - F("units_back"))).values("n")
    rows = RewardTally.objects.annotate(summed=Coalesce(Subquery(units, output_field=IntegerField()), 0))
    wrong = rows.exclude(units=F("summed")).order_by("pk")
    return [
        f"reward {row.reward_id}, member {row.member_id}: {row.units} counted, {row.summed} stand"
        for row in wrong[:SHOWN]
    ]


def slots_count_who_comes() -> list[str]:
    """Vouchers that are booked, and orders that are not paid yet or are just being given."""
    seated = Voucher.objects.filter(slot=OuterRef("pk"), status__in=SEATED).order_by()
    held = Redemption.objects.filter(
        slot=OuterRef("pk"), status__in=[RedemptionStatus.HELD, RedemptionStatus.PAID]
    ).order_by()
    booked = seated.values("slot").annotate(n=Count("pk")).values("n")
    waiting = held.values("slot").annotate(n=Sum(F("units") - F("units_back"))).values("n")
    rows = Slot.objects.annotate(
        seated=Coalesce(Subquery(booked, output_field=IntegerField()), 0),
        waiting=Coalesce(Subquery(waiting, output_field=IntegerField()), 0),
    )
    wrong = rows.exclude(booked=F("seated") + F("waiting")).order_by("pk")
    return [
        f"slot {row.pk}: {row.booked} places taken, {row.seated} vouchers, {row.waiting} orders"
        for row in wrong[:SHOWN]
    ]


def codes_belong_to_one_redemption() -> list[str]:
    """A reward of codes has as many as it has codes, and each unit that stands has one."""
    living = Q(codes__isnull=False, codes__retired_at=None)
    rewards = Reward.objects.filter(kind=Reward.Kind.CODE).annotate(
        there=Count("codes", filter=living), theirs=Count("codes", filter=Q(codes__redemption__isnull=False))
    )
    wrong = rewards.exclude(quota=F("there"), taken=F("theirs")).order_by("pk")
    found = [
        f"reward {row.pk}: {row.quota} in all, {row.there} codes; {row.taken} taken, {row.theirs} codes taken"
        for row in wrong[:SHOWN]
    ]
    ended = RewardCode.objects.filter(voucher__status=VoucherStatus.CANCELLED).order_by("pk")
    return found + [f"code {row.pk} belongs to a voucher that was given back" for row in ended[:SHOWN]]


def every_unit_that_was_given_has_its_voucher() -> list[str]:
    given = Redemption.objects.filter(
        status=RedemptionStatus.GIVEN, reward__kind__in=[Reward.Kind.SERVICE, Reward.Kind.CODE]
    ).annotate(standing=Count("vouchers", filter=~Q(vouchers__status=VoucherStatus.CANCELLED)), all=Count("vouchers"))
    wrong = given.exclude(all=F("units"), standing=F("units") - F("units_back")).order_by("pk")
    return [f"redemption {row.pk}: {row.units} units, {row.standing} vouchers" for row in wrong[:SHOWN]]


def _standing() -> QuerySet[Redemption]:
    return Redemption.objects.filter(status__in=STANDING)


def _with_sum(model: type[Model], name: str, standing: QuerySet[Redemption]) -> QuerySet[Any]:
    units = standing.filter(**{name: OuterRef("pk")}).order_by().values(name)
    summed = units.annotate(n=Sum(F("units") - F("units_back"))).values("n")
    return model._default_manager.annotate(summed=Coalesce(Subquery(summed, output_field=IntegerField()), 0))


LAWS = (
    quotas_count_what_stands,
    tallies_count_what_members_have,
    slots_count_who_comes,
    codes_belong_to_one_redemption,
    every_unit_that_was_given_has_its_voucher,
)
