"""Bodies and answers of verification in stores."""

from typing import Any

from rest_framework import serializers

from logistics.network.models import Store
from orders.verification.kinds import Found, masked
from orders.verification.models import Verification, VerificationKind
from shop.core.api.serializers import StrictIntegerField, StrictSerializer, TextLineField

LARGEST_ID = 2**63 - 1
LARGEST_BILL_FEN = 100_000_000


class VerifyIn(StrictSerializer):
    code = TextLineField(max_length=60)
    store_id = StrictIntegerField(
        min_value=1,
        max_value=LARGEST_ID,
        required=False,
        allow_null=True,
        default=None,
        help_text="Where the staff are; needed by who works in several stores, but for goods that lie in one.",
    )
    bill_fen = StrictIntegerField(
        min_value=1,
        max_value=LARGEST_BILL_FEN,
        required=False,
        allow_null=True,
        default=None,
        help_text="Of the goods that a coupon is for, before it is taken off.",
    )


class UndoIn(StrictSerializer):
    reason = TextLineField(max_length=200)


class VerificationsQuery(StrictSerializer):
    day = serializers.DateField(required=False, help_text="In Shanghai; today unless told.")
    store_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)


class VerificationStoreOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()


class StoresOut(serializers.Serializer[Any]):
    items = VerificationStoreOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HandedGoodsOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField()


class FoundOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(VerificationKind.choices)
    kind_label = serializers.CharField()
    reference = serializers.CharField()
    title = serializers.CharField()
    member = serializers.CharField(help_text="Masked; whoever shows the code is served.")
    store = VerificationStoreOut()
    goods = HandedGoodsOut(many=True)
    details = serializers.ListField(child=serializers.CharField())
    needs_bill = serializers.BooleanField()
    bill_fen = serializers.IntegerField(allow_null=True)
    off_fen = serializers.IntegerField(allow_null=True)


class VerificationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(VerificationKind.choices)
    kind_label = serializers.CharField()
    reference = serializers.CharField()
    title = serializers.CharField()
    store = VerificationStoreOut()
    verified_by = serializers.CharField()
    verified_at = serializers.DateTimeField()
    bill_fen = serializers.IntegerField(allow_null=True)
    off_fen = serializers.IntegerField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    undo_reason = serializers.CharField(allow_blank=True)


class VerifiedOut(VerificationOut):
    found = FoundOut()


class VerificationPageOut(serializers.Serializer[Any]):
    items = VerificationOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def present_store(store: Store) -> dict[str, Any]:
    return {"id": store.pk, "code": store.code, "name": store.name}


def present_found(found: Found, store: Store) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "kind_label": str(VerificationKind(found.kind).label),
        "reference": found.reference,
        "title": found.title,
        "member": masked(found.member),
        "store": present_store(store),
        "goods": [
            {"name": each.name, "options": each.options, "image_url": each.image_url, "quantity": each.quantity}
            for each in found.goods
        ],
        "details": list(found.details),
        "needs_bill": found.needs_bill,
        "bill_fen": found.bill_fen,
        "off_fen": found.off_fen,
    }


def present_verification(verification: Verification) -> dict[str, Any]:
    return {
        "id": verification.pk,
        "kind": verification.kind,
        "kind_label": verification.get_kind_display(),
        "reference": verification.reference,
        "title": verification.title,
        "store": present_store(verification.store),
        "verified_by": verification.staff_name,
        "verified_at": verification.verified_at,
        "bill_fen": verification.bill_fen,
        "off_fen": verification.off_fen,
        "undone_at": verification.undone_at,
        "undo_reason": verification.undo_reason,
    }
