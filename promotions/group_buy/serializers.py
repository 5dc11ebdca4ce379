"""What a front sees of group buys and teams. Others are shown with their names masked."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from promotions.group_buy.masks import masked_name
from promotions.group_buy.models import GroupBuy, GroupBuyItem, Seat, SeatStatus, TeamStatus
from shop.catalog.presenting import media_url


class GroupBuyItemOut(serializers.Serializer):
    """Prices are those of a unit; what a member pays in the end is in the quote."""

    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    list_price_fen = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    leader_price_fen = serializers.IntegerField(help_text="For who opens a team.")


class GroupBuyOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    server_time = serializers.DateTimeField()
    size = serializers.IntegerField(help_text="Members of a team.")
    hours = serializers.IntegerField(help_text="That a team lives.")
    new_joiners_only = serializers.BooleanField()
    orders_per_member = serializers.IntegerField(allow_null=True)
    units_per_order = serializers.IntegerField(allow_null=True)
    items = GroupBuyItemOut(many=True)


class GroupBuyPageOut(serializers.Serializer):
    items = GroupBuyOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class SeatOut(serializers.Serializer):
    nickname = serializers.CharField(help_text="Masked.")
    avatar_url = serializers.CharField(allow_blank=True)
    leads = serializers.BooleanField()
    paid = serializers.BooleanField()
    is_me = serializers.BooleanField()


class TeamOut(serializers.Serializer):
    """`order_number` is that of the member's own seat."""

    id = serializers.IntegerField()
    group_buy_id = serializers.IntegerField()
    status = serializers.ChoiceField(TeamStatus.choices)
    size = serializers.IntegerField()
    missing = serializers.IntegerField(help_text="Members who have not paid yet.")
    seats_left = serializers.IntegerField(help_text="That nobody holds.")
    opened_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    server_time = serializers.DateTimeField()
    joinable = serializers.BooleanField()
    sku_id = serializers.IntegerField(allow_null=True, help_text="What its leader buys.")
    order_number = serializers.CharField(allow_null=True)
    seats = SeatOut(many=True)


class TeamPageOut(serializers.Serializer):
    items = TeamOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def present_group_buy(group_buy: GroupBuy, *, now: datetime) -> dict[str, Any]:
    return {
        "id": group_buy.pk,
        "name": group_buy.name,
        "starts_at": group_buy.starts_at,
        "ends_at": group_buy.ends_at,
        "server_time": now,
        "size": group_buy.size,
        "hours": group_buy.hours,
        "new_joiners_only": group_buy.new_joiners_only,
        "orders_per_member": group_buy.limit_per_member,
        "units_per_order": group_buy.units_per_order,
        "items": [_item(item) for item in group_buy.items.all()],
    }


def present_team(team: Any, *, member_id: int | None, now: datetime) -> dict[str, Any]:
    """A team as `queries` reads it, with its seats in `members`."""
    seats: list[Seat] = team.members
    leader = next((seat for seat in seats if seat.leads), None)
    mine = next((seat for seat in seats if seat.member_id == member_id), None)
    return {
        "id": team.pk,
        "group_buy_id": team.group_buy_id,
        "status": team.status,
        "size": team.size,
        "missing": team.missing,
        "seats_left": team.size - team.seats_taken,
        "opened_at": team.opened_at,
        "ends_at": team.due_at,
        "server_time": now,
        "joinable": team.group_buy_runs and team.takes_members(now=now) and mine is None,
        "sku_id": leader.sku_id if leader else None,
        "order_number": mine.order_number if mine else None,
        "seats": [_seat(seat, member_id) for seat in seats],
    }


def _item(item: GroupBuyItem) -> dict[str, Any]:
    sku, product = item.sku, item.sku.product
    image = next(iter(product.images.all()), None)
    return {
        "sku_id": sku.pk,
        "product_id": product.pk,
        "product_name": product.name,
        "options": sku.options_label,
        "image_url": media_url(image.image.name if image else None),
        "list_price_fen": sku.price_fen,
        "price_fen": item.price_fen,
        "leader_price_fen": item.price_for(leads=True),
    }


def _seat(seat: Seat, member_id: int | None) -> dict[str, Any]:
    return {
        "nickname": masked_name(seat.member.nickname),
        "avatar_url": seat.member.avatar_url,
        "leads": seat.leads,
        "paid": seat.status == SeatStatus.PAID,
        "is_me": seat.member_id == member_id,
    }
