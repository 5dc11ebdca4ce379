"""What a front sees of presales."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers

from promotions.presale.models import Presale
from promotions.presale.queries import Shown, shown_items


class PresaleItemOut(serializers.Serializer[Any]):
    """Ordered by `id`: `activity: {kind: "presale", id}`. Amounts are of one unit, before freight."""

    id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    list_price_fen = serializers.IntegerField(help_text="What it costs outside of the presale.")
    price_fen = serializers.IntegerField()
    deposit_fen = serializers.IntegerField(help_text="0 where all is paid at once.")
    expanded_fen = serializers.IntegerField(help_text="Of the price what the deposit pays.")
    balance_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField(help_text="Deposit and balance.")
    left = serializers.IntegerField(help_text="Units that can still be ordered.")
    limit_per_member = serializers.IntegerField(allow_null=True)
    mine = serializers.IntegerField(help_text="Units that I have ordered.")


class PresaleOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(Presale.Mode.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    balance_from = serializers.DateTimeField(allow_null=True)
    balance_until = serializers.DateTimeField(allow_null=True)
    ships_at = serializers.DateTimeField()
    deposit_back_if_missed = serializers.BooleanField(allow_null=True)
    deposit_back_on_request = serializers.BooleanField(allow_null=True)
    server_time = serializers.DateTimeField()
    items = PresaleItemOut(many=True)


class PresalePageOut(serializers.Serializer[Any]):
    items = PresaleOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def present_presales(presales: Sequence[Presale], *, member_id: int | None, now: datetime) -> list[dict[str, Any]]:
    shown = shown_items(presales, member_id=member_id, now=now)
    return [_presale(each, shown[each.pk], now) for each in presales]


def _presale(presale: Presale, shown: Sequence[Shown], now: datetime) -> dict[str, Any]:
    deposits = presale.takes_deposits
    return {
        "id": presale.pk,
        "name": presale.name,
        "mode": presale.mode,
        "starts_at": presale.starts_at,
        "ends_at": presale.ends_at,
        "balance_from": presale.balance_from,
        "balance_until": presale.balance_until,
        "ships_at": presale.ships_at,
        "deposit_back_if_missed": presale.back_if_missed if deposits else None,
        "deposit_back_on_request": presale.back_on_request if deposits else None,
        "server_time": now,
        "items": [_item(each) for each in shown],
    }


def _item(shown: Shown) -> dict[str, Any]:
    item, sku = shown.item, shown.sku
    left = max(sku.available, 0)
    return {
        "id": item.pk,
        "sku_id": sku.sku_id,
        "product_id": sku.product_id,
        "product_name": sku.product_name,
        "options": sku.options_label,
        "image_url": sku.image_url,
        "list_price_fen": sku.price_fen,
        "price_fen": item.price_fen,
        "deposit_fen": item.deposit_fen,
        "expanded_fen": item.expanded_fen,
        "balance_fen": item.price_fen - item.expanded_fen if item.deposit_fen else 0,
        "total_fen": item.unit_price_fen,
        "left": left if item.left is None else min(left, item.left),
        "limit_per_member": item.limit_per_member,
        "mine": shown.mine,
    }
