"""What a front sees of bargains."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers

from promotions.bargaining.models import AttemptStatus, Bargain, Cut
from promotions.bargaining.queries import Offered, Shown, shown_name
from shop.catalog.queries import SkuSnapshot


class GoodsOut(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    options = serializers.CharField()
    image_url = serializers.CharField()


class MyAttemptOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(AttemptStatus.choices)
    price_fen = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class BargainOut(serializers.Serializer[Any]):
    """`left` are those that can still be bought; `attempts_left` is null while nobody is signed in; `attempt` is my
    latest one.

    A new member's help counts for `new_helper_cuts`.
    """

    id = serializers.IntegerField()
    name = serializers.CharField()
    goods = GoodsOut()
    list_price_fen = serializers.IntegerField()
    floor_price_fen = serializers.IntegerField()
    fewest_cuts = serializers.IntegerField()
    most_cuts = serializers.IntegerField()
    owner_cuts_first = serializers.BooleanField()
    new_helper_cuts = serializers.IntegerField()
    attempt_hours = serializers.IntegerField()
    buy_at = serializers.ChoiceField(Bargain.BuyAt.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    server_time = serializers.DateTimeField()
    left = serializers.IntegerField()
    attempts_left = serializers.IntegerField(allow_null=True)
    attempt = MyAttemptOut(allow_null=True)


class BargainPageOut(serializers.Serializer[Any]):
    items = BargainOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CutOut(serializers.Serializer[Any]):
    """The newest first. `helper` is masked; `cuts` is for how many cuts this help counted."""

    helper = serializers.CharField()
    avatar_url = serializers.CharField()
    fen = serializers.IntegerField()
    cuts = serializers.IntegerField()
    is_new = serializers.BooleanField()
    is_own = serializers.BooleanField()
    made_at = serializers.DateTimeField()


class AttemptOut(serializers.Serializer[Any]):
    """An attempt as anybody with its link sees it. `cuts_left` are the cuts to the floor.

    `helped_fen` is what I took off, None where I have not helped. `running`: whether it can be helped or bought at all;
    `can_buy` whether its member may order at `price_fen` now. `order_number` is told to its member only.
    """

    id = serializers.IntegerField()
    bargain_id = serializers.IntegerField()
    name = serializers.CharField()
    goods = GoodsOut()
    status = serializers.ChoiceField(AttemptStatus.choices)
    owner = serializers.CharField()
    owner_avatar_url = serializers.CharField()
    list_price_fen = serializers.IntegerField()
    floor_price_fen = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    at_floor = serializers.BooleanField()
    cuts_made = serializers.IntegerField()
    cuts_left = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    server_time = serializers.DateTimeField()
    running = serializers.BooleanField()
    buy_at = serializers.ChoiceField(Bargain.BuyAt.choices)
    left = serializers.IntegerField()
    mine = serializers.BooleanField()
    helped_fen = serializers.IntegerField(allow_null=True)
    can_buy = serializers.BooleanField()
    order_number = serializers.CharField(allow_null=True)
    cuts = CutOut(many=True)


class AttemptPageOut(serializers.Serializer[Any]):
    items = AttemptOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HelpedOut(serializers.Serializer[Any]):
    """`fen` is what this help took off; `cuts` for how many cuts it counted."""

    fen = serializers.IntegerField()
    cuts = serializers.IntegerField()
    attempt = AttemptOut()


def present_bargain(offered: Offered, *, now: datetime) -> dict[str, Any]:
    bargain, attempt = offered.bargain, offered.attempt
    told = ("id", "name", "fewest_cuts", "most_cuts", "owner_cuts_first", "new_helper_cuts", "attempt_hours", "buy_at")
    return {
        **{name: getattr(bargain, name) for name in told},
        "goods": _goods(offered.sku),
        "list_price_fen": offered.sku.price_fen,
        "floor_price_fen": bargain.floor_fen,
        "starts_at": bargain.starts_at,
        "ends_at": bargain.ends_at,
        "server_time": now,
        "left": _left(bargain, offered.sku),
        "attempts_left": offered.attempts_left,
        "attempt": attempt
        and {
            "id": attempt.pk,
            "status": attempt.status_at(now).value,
            "price_fen": attempt.price_fen,
            "expires_at": attempt.expires_at,
        },
    }


def present_attempt(shown: Shown, *, viewer_id: int, now: datetime) -> dict[str, Any]:
    attempt, bargain = shown.attempt, shown.attempt.bargain
    cuts: Sequence[Cut] = list(attempt.cuts.all())
    mine, status = attempt.member_id == viewer_id, attempt.status_at(now)
    running = status == AttemptStatus.OPEN and bargain.is_live(now=now)
    left = _left(bargain, shown.sku)
    enough = attempt.is_at_floor or bargain.buy_at == Bargain.BuyAt.ANY_TIME
    return {
        "id": attempt.pk,
        "bargain_id": bargain.pk,
        "name": bargain.name,
        "goods": _goods(shown.sku),
        "status": status.value,
        "owner": shown_name(attempt.member),
        "owner_avatar_url": attempt.member.avatar_url,
        "list_price_fen": attempt.list_fen,
        "floor_price_fen": attempt.floor_fen,
        "price_fen": attempt.price_fen,
        "at_floor": attempt.is_at_floor,
        "cuts_made": attempt.position,
        "cuts_left": len(attempt.plan) - attempt.position,
        "started_at": attempt.started_at,
        "expires_at": attempt.expires_at,
        "server_time": now,
        "running": running,
        "buy_at": bargain.buy_at,
        "left": left,
        "mine": mine,
        "helped_fen": next((cut.fen for cut in cuts if cut.helper_id == viewer_id and not cut.is_own), None),
        "can_buy": mine and running and enough and left > 0,
        "order_number": (attempt.order_number or None) if mine else None,
        "cuts": [_cut(each) for each in reversed(cuts)],
    }


def present_help(cut: Cut, shown: Shown, *, now: datetime) -> dict[str, Any]:
    attempt = present_attempt(shown, viewer_id=cut.helper_id or 0, now=now)
    return {"fen": cut.fen, "cuts": cut.steps, "attempt": attempt}


def _goods(sku: SkuSnapshot) -> dict[str, Any]:
    return {
        "sku_id": sku.sku_id,
        "product_id": sku.product_id,
        "product_name": sku.product_name,
        "options": sku.options_label,
        "image_url": sku.image_url,
    }


def _left(bargain: Bargain, sku: SkuSnapshot) -> int:
    """Of the quota, and of what the shop has."""
    there = max(sku.available, 0)
    return there if bargain.quota is None else min(bargain.quota - bargain.taken, there)


def _cut(cut: Cut) -> dict[str, Any]:
    return {
        "helper": shown_name(cut.helper),
        "avatar_url": cut.helper.avatar_url if cut.helper else "",
        "fen": cut.fen,
        "cuts": cut.steps,
        "is_new": cut.is_new,
        "is_own": cut.is_own,
        "made_at": cut.made_at,
    }
