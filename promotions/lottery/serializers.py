"""What a front sends and sees of lotteries."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers

from promotions.lottery.models import Draw, Lottery, OddsVersion, Prize, Win, WinStatus
from promotions.lottery.odds import percent
from promotions.lottery.queries import Standing, Winner
from shop.core.api.serializers import StrictSerializer

# As the clock has it.
STATES = (("upcoming", "upcoming"), ("running", "running"), ("ended", "ended"))


class DrawIn(StrictSerializer):
    pay_with = serializers.ChoiceField(
        Draw.Paid.choices,
        required=False,
        help_text="Without it a chance pays where there is one, and points where there is none.",
    )


class LotteryOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    intro = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    server_time = serializers.DateTimeField()
    takes_chances = serializers.BooleanField()
    points_per_draw = serializers.IntegerField(allow_null=True)
    draws_per_day = serializers.IntegerField(allow_null=True)
    draws_in_all = serializers.IntegerField(allow_null=True)


class LotteryPageOut(serializers.Serializer[Any]):
    items = LotteryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class PrizeOut(serializers.Serializer[Any]):
    """`percent` is its share of all weights, as published."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Prize.Kind.choices)
    image_url = serializers.CharField(allow_null=True)
    is_fallback = serializers.BooleanField()
    weight = serializers.IntegerField()
    percent = serializers.CharField()
    stock = serializers.IntegerField(allow_null=True)
    left = serializers.IntegerField(allow_null=True)
    worth_fen = serializers.IntegerField()


class OddsOut(serializers.Serializer[Any]):
    """`sha256` is that of the UTF-8 bytes of `document`, canonical JSON with the rule by which prizes are drawn."""

    version = serializers.IntegerField()
    sha256 = serializers.CharField()
    published_at = serializers.DateTimeField()
    document = serializers.CharField()


class WinnerOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    prize = serializers.CharField()
    at = serializers.DateTimeField()


class ChancesFromOut(serializers.Serializer[Any]):
    check_in = serializers.IntegerField()
    invitation = serializers.IntegerField()
    order = serializers.IntegerField()
    order_least_fen = serializers.IntegerField()
    review = serializers.IntegerField()


class LotteryDetailOut(LotteryOut):
    """`my_chances` and `draws_left` are null where nobody is signed in, `draws_left` also where nothing limits it."""

    prizes = PrizeOut(many=True)
    odds = OddsOut()
    chances_from = ChancesFromOut()
    my_chances = serializers.IntegerField(allow_null=True)
    draws_left = serializers.IntegerField(allow_null=True)
    winners = WinnerOut(many=True)


class WonPrizeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Prize.Kind.choices)
    image_url = serializers.CharField(allow_null=True)
    is_fallback = serializers.BooleanField()
    points = serializers.IntegerField()
    coupon = serializers.CharField(allow_null=True)
    sku_id = serializers.IntegerField(allow_null=True)
    freight_is_free = serializers.BooleanField()


class DrawOut(serializers.Serializer[Any]):
    """`claim_before` where the prize waits to be ordered with the activity `{kind: "prize", draw_id}`. Not `is_given`:
    the prize is none, or it is for the rest and the budget does not reach for it.
    """

    draw_id = serializers.IntegerField()
    prize = WonPrizeOut()
    is_given = serializers.BooleanField()
    paid_with = serializers.ChoiceField(Draw.Paid.choices)
    points_paid = serializers.IntegerField()
    claim_before = serializers.DateTimeField(allow_null=True)
    odds_sha256 = serializers.CharField()
    value = serializers.IntegerField()
    total = serializers.IntegerField()
    my_chances = serializers.IntegerField()
    draws_left = serializers.IntegerField(allow_null=True)


class MyPrizeOut(serializers.Serializer[Any]):
    """`status` as the clock has it. `has_code`: it is shown by `POST me/prizes/{draw_id}/reveal`."""

    draw_id = serializers.IntegerField()
    lottery_id = serializers.IntegerField()
    lottery = serializers.CharField()
    prize = WonPrizeOut()
    status = serializers.ChoiceField(WinStatus.choices)
    won_at = serializers.DateTimeField()
    claim_before = serializers.DateTimeField(allow_null=True)
    order_number = serializers.CharField(allow_null=True)
    coupon_id = serializers.IntegerField(allow_null=True)
    has_code = serializers.BooleanField()
    revealed_at = serializers.DateTimeField(allow_null=True)


class MyPrizePageOut(serializers.Serializer[Any]):
    items = MyPrizeOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CodeOut(serializers.Serializer[Any]):
    code = serializers.CharField()


def present_lottery(lottery: Lottery, *, now: datetime) -> dict[str, Any]:
    begun, over = lottery.starts_at <= now, not lottery.is_live(now=now)
    return {
        "id": lottery.pk,
        "name": lottery.name,
        "intro": lottery.intro,
        "state": "upcoming" if not begun else "ended" if over else "running",
        "starts_at": lottery.starts_at,
        "ends_at": lottery.ends_at,
        "server_time": now,
        "takes_chances": lottery.takes_chances,
        "points_per_draw": lottery.points_per_draw,
        "draws_per_day": lottery.draws_per_day,
        "draws_in_all": lottery.draws_in_all,
    }


def present_detail(
    lottery: Lottery,
    *,
    prizes: Sequence[Prize],
    odds: OddsVersion,
    standing: Standing | None,
    winners: Sequence[Winner],
    now: datetime,
) -> Mapping[str, Any]:
    total = sum(each.weight for each in prizes)
    return {
        **present_lottery(lottery, now=now),
        "prizes": [_prize(each, total) for each in prizes],
        "odds": {
            "version": odds.version,
            "sha256": odds.digest,
            "published_at": odds.published_at,
            "document": odds.document,
        },
        "chances_from": {
            "check_in": lottery.check_in_chances,
            "invitation": lottery.invitation_chances,
            "order": lottery.order_chances,
            "order_least_fen": lottery.order_least_fen,
            "review": lottery.review_chances,
        },
        "my_chances": standing.chances if standing else None,
        "draws_left": standing.draws_left if standing else None,
        "winners": [{"name": each.name, "prize": each.prize, "at": each.at} for each in winners],
    }


def present_draw(made: Draw, *, standing: Standing) -> dict[str, Any]:
    win: Win | None = getattr(made, "win", None)
    return {
        "draw_id": made.pk,
        "prize": _won(made.prize),
        "is_given": win is not None,
        "paid_with": made.paid_with,
        "points_paid": made.points_paid,
        "claim_before": win.due_at if win else None,
        "odds_sha256": made.odds.digest,
        "value": made.value,
        "total": made.total,
        "my_chances": standing.chances,
        "draws_left": standing.draws_left,
    }


def present_win(win: Win, *, now: datetime) -> dict[str, Any]:
    late = win.status == WinStatus.WAITING and win.due_at is not None and win.due_at <= now
    code = getattr(win, "code", None)
    return {
        "draw_id": win.pk,
        "lottery_id": win.draw.lottery_id,
        "lottery": win.draw.lottery.name,
        "prize": _won(win.prize, coupon=win.coupon.template.name if win.coupon else None),
        "status": WinStatus.EXPIRED if late else win.status,
        "won_at": win.draw.drawn_at,
        "claim_before": win.due_at,
        "order_number": win.order_number or None,
        "coupon_id": win.coupon_id,
        "has_code": code is not None,
        "revealed_at": code.revealed_at if code is not None else None,
    }


def _prize(prize: Prize, total: int) -> dict[str, Any]:
    return {
        "id": prize.pk,
        "name": prize.name,
        "kind": prize.kind,
        "image_url": prize.image.url if prize.image else None,
        "is_fallback": prize.is_fallback,
        "weight": prize.weight,
        "percent": percent(prize.weight, total),
        "stock": prize.stock,
        "left": prize.left,
        "worth_fen": prize.worth_fen or prize.cost_fen,
    }


def _won(prize: Prize, coupon: str | None = None) -> dict[str, Any]:
    return {
        "id": prize.pk,
        "name": prize.name,
        "kind": prize.kind,
        "image_url": prize.image.url if prize.image else None,
        "is_fallback": prize.is_fallback,
        "points": prize.points if prize.kind == Prize.Kind.POINTS else 0,
        "coupon": coupon or (prize.template.name if prize.template and prize.kind == Prize.Kind.COUPON else None),
        "sku_id": prize.sku_id if prize.kind == Prize.Kind.GOODS else None,
        "freight_is_free": prize.freight_is_free,
    }
