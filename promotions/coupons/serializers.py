"""What clients send and get."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.queries import Offered, is_suspended
from promotions.coupons.sentences import sentence_of
from shop.core.api.serializers import StrictSerializer, TextLineField


class CouponTermsOut(serializers.Serializer[Any]):
    """What a coupon is worth and for what. Of the amounts those count that belong to the kind."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=CouponTemplate.Kind.values)
    sentence = serializers.CharField(help_text="What it does, in the reader's language.")
    threshold_fen = serializers.IntegerField(help_text="0: any amount.")
    threshold_count = serializers.IntegerField(help_text="0: any number of units.")
    amount_off_fen = serializers.IntegerField(allow_null=True)
    percent_off_bp = serializers.IntegerField(allow_null=True)
    most_off_fen = serializers.IntegerField(allow_null=True)
    exchange_sku_id = serializers.IntegerField(allow_null=True)
    exchange_price_fen = serializers.IntegerField()
    category_ids = serializers.ListField(child=serializers.IntegerField())
    product_ids = serializers.ListField(child=serializers.IntegerField())
    sku_ids = serializers.ListField(child=serializers.IntegerField())
    use_in = serializers.ChoiceField(choices=CouponTemplate.UseIn.values)


class WhyNotOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class OfferedCouponOut(CouponTermsOut):
    id = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    left = serializers.IntegerField(allow_null=True, help_text="Null: without limit.")
    per_member_limit = serializers.IntegerField(allow_null=True)
    claimed = serializers.IntegerField(help_text="How many of them I was given.")
    claimable = serializers.BooleanField()
    why_not = WhyNotOut(allow_null=True)


class OfferedCouponPageOut(serializers.Serializer[Any]):
    items = OfferedCouponOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class OfferedQuery(StrictSerializer):
    product = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Only what can be used for this product."
    )


class CouponOut(CouponTermsOut):
    id = serializers.IntegerField(help_text="For `coupon_ids` of a quote.")
    number = serializers.CharField()
    template_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=CouponStatus.values)
    suspended = serializers.BooleanField(help_text="The shop has suspended it: not usable for the moment.")
    claimed_at = serializers.DateTimeField()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(help_text="The first moment at which it is over.")
    used_at = serializers.DateTimeField(allow_null=True)
    order_number = serializers.CharField(help_text="The order that holds or used it, or empty.")
    store_code = serializers.CharField(help_text="The store where it was used, or empty.")


class CouponPageOut(serializers.Serializer[Any]):
    items = CouponOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class MyCouponsQuery(StrictSerializer):
    status = serializers.ChoiceField(choices=CouponStatus.values, required=False)


class RedeemIn(StrictSerializer):
    code = TextLineField(max_length=40, help_text=_("However it was typed: small letters, spaces and dashes are fine."))


class StorePassOut(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Twelve digits to show or say.")
    qr = serializers.CharField(help_text="The same as a picture: a data URI of an SVG.")
    expires_at = serializers.DateTimeField()


def present_offered(offered: Offered) -> dict[str, Any]:
    template, refusal = offered.template, offered.refusal
    return {
        "id": template.pk,
        **_present_terms(template),
        "starts_at": template.starts_at,
        "ends_at": template.ends_at,
        "left": template.left,
        "per_member_limit": template.per_member_limit,
        "claimed": offered.mine,
        "claimable": refusal is None,
        "why_not": None if refusal is None else {"code": refusal.code, "message": str(refusal)},
    }


def present_coupon(coupon: Coupon) -> dict[str, Any]:
    """`status` as the clock has it, where the row came from `queries.mine`."""
    return {
        "id": coupon.pk,
        "number": coupon.number,
        "template_id": coupon.template_id,
        **_present_terms(coupon.template),
        "status": getattr(coupon, "status_now", coupon.status),
        "suspended": is_suspended(coupon),
        "claimed_at": coupon.claimed_at,
        "valid_from": coupon.valid_from,
        "valid_until": coupon.valid_until,
        "used_at": coupon.used_at,
        "order_number": coupon.order_number,
        "store_code": coupon.store_code,
    }


def _present_terms(template: CouponTemplate) -> dict[str, Any]:
    return {
        "name": template.name,
        "kind": template.kind,
        "sentence": sentence_of(template),
        "threshold_fen": template.threshold_fen,
        "threshold_count": template.threshold_count,
        "amount_off_fen": template.amount_off_fen,
        "percent_off_bp": template.percent_off_bp,
        "most_off_fen": template.most_off_fen,
        "exchange_sku_id": template.exchange_sku_id,
        "exchange_price_fen": template.exchange_price_fen,
        "category_ids": template.category_ids,
        "product_ids": template.product_ids,
        "sku_ids": template.sku_ids,
        "use_in": template.use_in,
    }
