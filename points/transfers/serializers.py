"""What the front sends and gets about transfers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from members.identity.phones import parse_mobile
from points.transfers.models import Transfer
from shop.core.api.serializers import StrictIntegerField, StrictSerializer, TextLineField


class MobileField(serializers.CharField):
    default_error_messages = {"not_a_mobile": _("Enter a mobile phone number.")}

    def to_internal_value(self, data: Any) -> str:
        phone = parse_mobile(super().to_internal_value(data))
        if phone is None:
            self.fail("not_a_mobile")
        return phone


class OfferIn(StrictSerializer):
    phone = MobileField(max_length=20, help_text="Of the recipient; answered alike whether or not a member has it.")
    points = StrictIntegerField(min_value=1, max_value=2**31 - 1)
    message = TextLineField(required=False, allow_blank=True, max_length=60)


class TransferOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    direction = serializers.ChoiceField(["out", "in"])
    phone = serializers.CharField(help_text="Of the other side, masked.")
    name = serializers.CharField(help_text="The sender's nickname, shortened; empty for what you gave.")
    points = serializers.IntegerField()
    message = serializers.CharField()
    status = serializers.ChoiceField(Transfer.Status.choices)
    created_at = serializers.DateTimeField()
    accept_before = serializers.DateTimeField(help_text="Or the points go back.")
    ended_at = serializers.DateTimeField(allow_null=True)


class TransferPageOut(serializers.Serializer[Any]):
    items = TransferOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
