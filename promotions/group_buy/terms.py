"""What a group buy asks of a cart: who may open or join, and what it costs them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityNotFound, BudgetSpent
from promotions.campaigns.goods import only_line
from promotions.campaigns.queries import admits_at
from promotions.group_buy.errors import (
    AlreadyInTeam,
    GroupBuyLimitReached,
    GroupBuyUnits,
    JoinersAreNew,
    NotInGroupBuy,
    TeamFull,
    TeamNotFound,
    TeamOver,
)
from promotions.group_buy.models import STANDING, GroupBuy, GroupBuyItem, MemberTally, Seat, Team, TeamStatus
from promotions.group_buy.preferences import PAY_MINUTES
from promotions.pricing.model import CartSnapshot, Mechanism, Terms, UnitPriceTerms
from promotions.pricing.scopes import Scope
from promotions.pricing.unit_prices import saving_fen


def price_of(
    *, group_buy_id: int, team_id: int | None, buyer: Buyer, cart: CartSnapshot, now: datetime
) -> UnitPriceTerms:
    """The unit price of the one line of the cart, for who opens a team or joins `team_id`.

    Raises ActivityNotFound, ActivityGoods, NotInGroupBuy, GroupBuyUnits, GroupBuyLimitReached, what says that the buyer
    is not of its audience, TeamNotFound, TeamOver, TeamFull, AlreadyInTeam, JoinersAreNew, BudgetSpent.
    """
    line = only_line(cart)
    item = (
        GroupBuyItem.objects.select_related("group_buy")
        .filter(group_buy=group_buy_id, sku=line.sku_id, group_buy__in=GroupBuy.objects.filter(admits_at(now)))
        .first()
    )
    if item is None:
        raise NotInGroupBuy if GroupBuy.objects.filter(admits_at(now), pk=group_buy_id).exists() else ActivityNotFound
    group_buy = item.group_buy
    if group_buy.units_per_order is not None and line.quantity > group_buy.units_per_order:
        raise GroupBuyUnits(limit=group_buy.units_per_order)
    refusal = group_buy.audience.refusal(buyer)
    if refusal is not None:
        raise refusal
    if team_id is not None:
        _check_team(group_buy, team_id, buyer, now)
    if buyer.member_id is not None and _has_had_all(group_buy, buyer.member_id):
        raise GroupBuyLimitReached
    terms = terms_of_item(item, leads=team_id is None)
    if group_buy.left_fen is not None and saving_fen(line, terms) > group_buy.left_fen:
        raise BudgetSpent(name=group_buy.name)
    return terms


def pay_within(*, group_buy_id: int, team_id: int | None, now: datetime) -> timedelta:
    """How long a seat is held for an unpaid order: no longer than the team lives."""
    longest = timedelta(minutes=PAY_MINUTES.value())
    if team_id is None:
        ends_at = GroupBuy.objects.values_list("ends_at", flat=True).get(pk=group_buy_id)
    else:
        ends_at = Team.objects.values_list("due_at", flat=True).get(pk=team_id)
    return longest if ends_at is None else min(longest, max(ends_at - now, timedelta()))


def terms_of_group_buy(group_buy: GroupBuy, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """What who joins a team pays; see `campaigns.conflicts.terms_of`."""
    items = sorted(group_buy.items.all(), key=lambda item: item.pk)
    return Terms(unit_prices=tuple(terms_of_item(item, leads=False) for item in items))


def terms_of_item(item: GroupBuyItem, *, leads: bool) -> UnitPriceTerms:
    group_buy = item.group_buy
    return UnitPriceTerms(
        group_buy.pk,
        group_buy.name,
        Mechanism.ACTIVITY,
        Scope(skus=frozenset([item.sku_id])),
        unit_price_fen=item.price_for(leads=leads),
        asked=True,
        kind=GroupBuy.KIND,
        version=group_buy.revision,
        refuses=group_buy.refused_mechanisms,
    )


def _check_team(group_buy: GroupBuy, team_id: int, buyer: Buyer, now: datetime) -> None:
    team = Team.objects.filter(pk=team_id, group_buy=group_buy).first()
    if team is None:
        raise TeamNotFound
    if team.status != TeamStatus.OPEN or now >= team.due_at:
        raise TeamOver
    if buyer.member_id is not None and is_in(team, buyer.member_id):
        raise AlreadyInTeam
    if team.seats_taken >= team.size:
        raise TeamFull
    if group_buy.new_joiners_only and not buyer.is_new:
        raise JoinersAreNew


def is_in(team: Team, member_id: int) -> bool:
    return Seat.objects.filter(team=team, member=member_id, status__in=STANDING).exists()


def _has_had_all(group_buy: GroupBuy, member_id: int) -> bool:
    limit = group_buy.limit_per_member
    if limit is None:
        return False
    return MemberTally.objects.filter(group_buy=group_buy, member=member_id, orders__gte=limit).exists()
