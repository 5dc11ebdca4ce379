"""Reads of group buys, their teams, and where orders stand in them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from members.invitations.targets import ShareTarget
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import admits_at, open_to
from promotions.group_buy.errors import GroupBuyNotFound, TeamNotFound
from promotions.group_buy.models import (
    STANDING,
    GroupBuy,
    GroupBuyItem,
    Seat,
    SeatStatus,
    Team,
    TeamStatus,
)
from shop.catalog.models import ProductImage


@dataclass(frozen=True)
class Standing:
    """Where an order is with its team; `status` is waiting, succeeded or failed."""

    team_id: int
    status: str


def group_buys(*, buyer: Buyer, now: datetime) -> QuerySet[GroupBuy]:
    """Those that run and are open to the buyer, with what they sell: four queries for any page of them."""
    images = Prefetch("sku__product__images", ProductImage.objects.order_by("position", "id"))
    items = GroupBuyItem.objects.select_related("sku__product").prefetch_related(images).order_by("pk")
    return GroupBuy.objects.filter(admits_at(now) & open_to(buyer)).prefetch_related(Prefetch("items", items))


def group_buy_for(*, pk: int, buyer: Buyer, now: datetime) -> GroupBuy:
    """Raises GroupBuyNotFound."""
    found = group_buys(buyer=buyer, now=now).filter(pk=pk).first()
    if found is None:
        raise GroupBuyNotFound
    return found


def open_teams(*, group_buy_id: int, now: datetime) -> QuerySet[Team]:
    """Teams that somebody has paid for and that have a seat left: two queries for any page of them."""
    teams = _teams(now).filter(
        group_buy=group_buy_id,
        status=TeamStatus.OPEN,
        due_at__gt=now,
        seats_paid__gt=0,
        seats_taken__lt=F("size"),
    )
    return teams.prefetch_related(_seats())


def team_of(*, pk: int, now: datetime) -> Team:
    """Any team, however it ended, with its seats and what is sold. Raises TeamNotFound."""
    team = _teams(now).filter(pk=pk).select_related("group_buy").prefetch_related(_seats()).first()
    if team is None:
        raise TeamNotFound
    return team


def standings_of(*, order_numbers: Collection[str]) -> Mapping[str, Standing]:
    """By order number, in one query; orders that were given up have none."""
    seats = Seat.objects.filter(order_number__in=order_numbers).exclude(status=SeatStatus.RELEASED)
    rows = seats.values_list("order_number", "team_id", "status", "team__status")
    return {number: Standing(team_id, _status(seat, team)) for number, team_id, seat, team in rows}


def waits_for_team(*, order_number: str) -> bool:
    """Whether the paid order's team has not succeeded. What is to be paid back is not sent either."""
    return Seat.objects.filter(order_number=order_number).exclude(_succeeded()).exists()


def share_group_buy(*, pk: int, now: datetime) -> ShareTarget | None:
    row = GroupBuy.objects.filter(admits_at(now), pk=pk).first()
    return _target(f"groupbuy-{pk}", row, row.items.order_by("price_fen", "pk").first()) if row else None


def share_team(*, pk: int, now: datetime) -> ShareTarget | None:
    """A team that still takes members, with what its leader buys."""
    running = GroupBuy.objects.filter(admits_at(now))
    team = Team.objects.filter(pk=pk, group_buy__in=running).select_related("group_buy").first()
    if team is None or not team.takes_members(now=now):
        return None
    leader = team.seats.filter(leads=True).first()
    item = team.group_buy.items.filter(sku=leader.sku_id).first() if leader else None
    return _target(f"team-{pk}", team.group_buy, item)


def _teams(now: datetime) -> QuerySet[Team]:
    """With whether their group buy lets members begin anything at `now`, which joining a team is."""
    running = GroupBuy.objects.filter(admits_at(now), pk=OuterRef("group_buy"))
    return Team.objects.annotate(group_buy_runs=Exists(running))


def _target(key: str, group_buy: GroupBuy, item: GroupBuyItem | None) -> ShareTarget:
    product = item.sku.product if item else None
    image = product.images.order_by("position", "id").first() if product else None
    return ShareTarget(
        key=key,
        title=product.name if product else group_buy.name,
        subtitle=group_buy.name,
        price_fen=item.price_fen if item else None,
        image=(image.image.name if image else None) or "",
    )


def _seats() -> Prefetch:
    standing = Seat.objects.filter(status__in=STANDING).select_related("member", "sku__product")
    return Prefetch("seats", standing.order_by("-leads", F("paid_at").asc(nulls_last=True), "pk"), to_attr="members")


def _succeeded() -> Q:
    return Q(status=SeatStatus.PAID, team__status=TeamStatus.SUCCEEDED)


def _status(seat: str, team: str) -> str:
    if seat == SeatStatus.REFUSED or team in (TeamStatus.FAILED, TeamStatus.GIVEN_UP):
        return "failed"
    return "succeeded" if team == TeamStatus.SUCCEEDED else "waiting"
