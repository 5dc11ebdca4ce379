"""Bodies and answers of signing staff in."""

from typing import Any

from rest_framework import serializers

from shop.core.api.serializers import StrictSerializer, TextLineField


class StaffLoginIn(StrictSerializer):
    username = TextLineField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    otp = TextLineField(
        max_length=12,
        required=False,
        allow_blank=True,
        default="",
        help_text="Reserved for a second factor, which this shop does not ask for: one that is given is refused.",
    )


class StaffRefreshIn(StrictSerializer):
    refresh = TextLineField(max_length=200)


class StaffTokensOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class StaffMeOut(serializers.Serializer[Any]):
    username = serializers.CharField()
    name = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
