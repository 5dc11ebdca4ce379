"""What distributors send and see. Their customers are shown with their names masked."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from members.invitations.codes import invite_link
from promotions.distribution.masks import masked_name
from promotions.distribution.models import (
    Bucket,
    CommissionAccount,
    Distributor,
    EntryKind,
    Leaderboard,
    Measure,
    PayMethod,
    Period,
    Sale,
    Stage,
    Standing,
    Touch,
    Withdrawal,
    WithdrawalStatus,
)
from promotions.distribution.preferences import FEE_BP, JOINING, MOST_FEN, POINTS_PER_YUAN, SMALLEST_FEN, TAX_BP
from promotions.distribution.services.paying_out import client_params
from promotions.distribution.services.withdrawing import ways_to_be_paid
from shop.core.api.serializers import StrictIntegerField, StrictSerializer, TextLineField

RANK_REWARD = ("first_rank", "last_rank", "reward_fen", "points")
BROUGHT = (
    "customers",
    "visitors",
    "orders",
    "sales_fen",
    "points",
    "orders_this_month",
    "sales_this_month_fen",
)


class JoinIn(StrictSerializer):
    note = TextLineField(
        required=False, allow_blank=True, default="", max_length=200, help_text="For who decides on applications."
    )


class VisitIn(StrictSerializer):
    invite_code = TextLineField(max_length=12)
    target = TextLineField(
        required=False,
        allow_blank=True,
        default="",
        max_length=20,
        help_text="As for share cards: `product-<id>` or another kind with its id; empty for the shop itself.",
    )


class VisitOut(serializers.Serializer):
    bound = serializers.BooleanField(help_text="The visitor is this distributor's customer.")


class GradeOut(serializers.Serializer):
    name = serializers.CharField()
    rate_bp = serializers.IntegerField(help_text="Unless a product says otherwise.")
    second_rate_bp = serializers.IntegerField(help_text="0 where there is no second level.")


class BalanceOut(serializers.Serializer):
    frozen_fen = serializers.IntegerField(help_text="Of orders whose goods may still come back.")
    settled_fen = serializers.IntegerField()
    available_fen = serializers.IntegerField(help_text="Can be withdrawn; below 0 is what later commission repays.")
    reserved_fen = serializers.IntegerField(help_text="Being withdrawn.")
    paid_fen = serializers.IntegerField()


class BroughtOut(serializers.Serializer):
    customers = serializers.IntegerField()
    visitors = serializers.IntegerField()
    orders = serializers.IntegerField()
    sales_fen = serializers.IntegerField()
    points = serializers.IntegerField(help_text="That customers have earned by these orders.")
    orders_this_month = serializers.IntegerField()
    sales_this_month_fen = serializers.IntegerField()


class WithdrawalTermsOut(serializers.Serializer):
    methods = serializers.ListField(child=serializers.ChoiceField(PayMethod.choices))
    smallest_fen = serializers.IntegerField()
    largest_fen = serializers.IntegerField()
    fee_bp = serializers.IntegerField()
    tax_bp = serializers.IntegerField()
    points_per_yuan = serializers.IntegerField()


class DistributorOut(serializers.Serializer):
    standing = serializers.ChoiceField(Standing.choices)
    reason = serializers.CharField(allow_blank=True)
    applied_at = serializers.DateTimeField()
    joined_at = serializers.DateTimeField(allow_null=True)
    invite_code = serializers.CharField()
    link = serializers.CharField()
    grade = GradeOut()
    balance = BalanceOut()
    brought = BroughtOut()
    withdrawing = WithdrawalTermsOut()


class SummaryOut(serializers.Serializer):
    joining = serializers.ChoiceField(list(JOINING.choices), help_text="How members become distributors.")
    spend_fen = serializers.IntegerField(help_text="What they must have bought for, where that is the way.")
    distributor = DistributorOut(allow_null=True)


class CommissionOut(serializers.Serializer):
    id = serializers.IntegerField()
    order_number = serializers.CharField()
    line = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    quantity = serializers.IntegerField()
    level = serializers.IntegerField()
    rate_bp = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    left_fen = serializers.IntegerField(help_text="Still paid for the line.")
    earned_fen = serializers.IntegerField(help_text="When it was paid.")
    amount_fen = serializers.IntegerField(help_text="What it is worth now.")
    stage = serializers.ChoiceField(Stage.choices)
    review = serializers.ChoiceField(Sale.Review.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was refused.")
    sold_at = serializers.DateTimeField()
    settles_at = serializers.DateTimeField(allow_null=True)


class CommissionPageOut(serializers.Serializer):
    items = CommissionOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CommissionEntryOut(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(EntryKind.choices)
    origin = serializers.ChoiceField(Bucket.choices)
    destination = serializers.ChoiceField(Bucket.choices)
    amount_fen = serializers.IntegerField()
    available_after_fen = serializers.IntegerField()
    reference = serializers.CharField()
    happened_at = serializers.DateTimeField()


class CommissionEntryPageOut(serializers.Serializer):
    items = CommissionEntryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CustomerOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="Masked.")
    came_by = serializers.ChoiceField(Touch.choices)
    target = serializers.CharField(allow_blank=True)
    bound_at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="Null: for good.")
    has_bought = serializers.BooleanField()


class CustomerPageOut(serializers.Serializer):
    items = CustomerOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class WithdrawalIn(StrictSerializer):
    amount_fen = StrictIntegerField(min_value=1, max_value=10**9)
    method = serializers.ChoiceField(PayMethod.choices)


class ClientParamsOut(serializers.Serializer):
    """For `wx.requestMerchantTransfer`."""

    mchId = serializers.CharField()
    appId = serializers.CharField()
    package = serializers.CharField()


class WithdrawalOut(serializers.Serializer):
    number = serializers.CharField()
    method = serializers.ChoiceField(PayMethod.choices)
    status = serializers.ChoiceField(WithdrawalStatus.choices)
    amount_fen = serializers.IntegerField()
    fee_fen = serializers.IntegerField()
    tax_fen = serializers.IntegerField()
    net_fen = serializers.IntegerField()
    points = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    is_called_back = serializers.BooleanField(help_text="Nothing is paid any more, unless it just was.")
    client_params = ClientParamsOut(allow_null=True, help_text="While it waits to be accepted in WeChat.")


class WithdrawalPageOut(serializers.Serializer):
    items = WithdrawalOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class PayoutNotificationIn(serializers.Serializer):
    """As WeChat Pay words it: `resource` is encrypted, the signature is in the headers."""

    id = serializers.CharField()
    event_type = serializers.CharField()
    resource = serializers.DictField()


class LeaderboardQuery(StrictSerializer):
    board = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The first by default."
    )


class BoardOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    measure = serializers.ChoiceField(Measure.choices)
    period = serializers.ChoiceField(Period.choices)


class RankRewardOut(serializers.Serializer):
    first_rank = serializers.IntegerField()
    last_rank = serializers.IntegerField()
    reward_fen = serializers.IntegerField()
    points = serializers.IntegerField()


class RankOut(serializers.Serializer):
    rank = serializers.IntegerField()
    name = serializers.CharField(help_text="Masked.")
    avatar_url = serializers.CharField(allow_blank=True)
    value = serializers.IntegerField(help_text="In fen for sales.")
    is_me = serializers.BooleanField()


class LeaderboardOut(serializers.Serializer):
    boards = BoardOut(many=True, help_text="All that run.")
    board = BoardOut(allow_null=True, help_text="The one that is shown; null where none runs.")
    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)
    rewards = RankRewardOut(many=True)
    ranks = RankOut(many=True)
    own_rank = serializers.IntegerField(allow_null=True)
    own_value = serializers.IntegerField()


def present_boards(boards: list[Leaderboard], found: Mapping[str, Any] | None, *, member_id: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "boards": [_board(each) for each in boards],
        "board": None,
        "first_day": None,
        "last_day": None,
        "rewards": [],
        "ranks": [],
        "own_rank": None,
        "own_value": 0,
    }
    if found is None:
        return told
    rewards = found["board"].rewards.all()
    return told | {
        **{name: found[name] for name in ("first_day", "last_day", "own_rank", "own_value")},
        "board": _board(found["board"]),
        "rewards": [{name: getattr(each, name) for name in RANK_REWARD} for each in rewards],
        "ranks": [
            {
                "rank": place.rank,
                "name": masked_name(member.nickname),
                "avatar_url": member.avatar_url,
                "value": place.value,
                "is_me": member.pk == member_id,
            }
            for place, member in found["ranks"]
        ],
    }


def _board(board: Leaderboard) -> dict[str, Any]:
    return {"id": board.pk, "name": board.name, "measure": board.measure, "period": board.period}


def present_withdrawal(row: Withdrawal) -> dict[str, Any]:
    names = ("number", "method", "status", "amount_fen", "fee_fen", "tax_fen", "net_fen", "points", "reason")
    return {
        **{name: getattr(row, name) for name in names},
        "requested_at": row.requested_at,
        "ended_at": row.ended_at,
        "is_called_back": row.is_called_back,
        "client_params": client_params(row),
    }


def _terms(seller: Distributor) -> dict[str, Any]:
    return {
        "methods": ways_to_be_paid(seller),
        "smallest_fen": SMALLEST_FEN.value(),
        "largest_fen": MOST_FEN.value(),
        "fee_bp": FEE_BP.value(),
        "tax_bp": TAX_BP.value(),
        "points_per_yuan": POINTS_PER_YUAN.value(),
    }


def present_summary(found: Mapping[str, Any]) -> dict[str, Any]:
    seller = found["distributor"]
    told = {"joining": found["joining"], "spend_fen": found["spend_fen"], "distributor": None}
    if seller is None:
        return told
    code = seller.member.invite_code
    return told | {
        "distributor": {
            "standing": seller.standing,
            "reason": seller.reason,
            "applied_at": seller.applied_at,
            "joined_at": seller.joined_at,
            "invite_code": code,
            "link": invite_link(invite_code=code, target=""),
            "grade": {
                "name": str(seller.grade),
                "rate_bp": seller.grade.rate_bp,
                "second_rate_bp": seller.grade.second_rate_bp if found["has_second_level"] else 0,
            },
            "balance": _balance(found["account"]),
            "brought": {name: found[name] for name in BROUGHT},
            "withdrawing": _terms(seller),
        }
    }


def present_commission(row: Mapping[str, Any]) -> dict[str, Any]:
    own = ("id", "product_id", "quantity", "level", "rate_bp", "paid_fen", "left_fen", "earned_fen", "amount_fen")
    of_sale = ("order_number", "stage", "review", "reason", "sold_at", "settles_at")
    return {
        **{name: row[name] for name in own},
        **{name: row[f"sale__{name}"] for name in of_sale},
        "line": row["position"],
        "product_name": row["product__name"],
    }


def present_customer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": masked_name(row["member__nickname"]),
        "came_by": row["came_by"],
        "target": row["target"],
        "bound_at": row["bound_at"],
        "until": None if row["locked_at"] else row["until"],
        "has_bought": row["has_bought"],
    }


def _balance(account: CommissionAccount) -> dict[str, int]:
    return {f"{bucket}_fen": getattr(account, f"{bucket}_fen") for bucket in Bucket.values if bucket != Bucket.SHOP}
