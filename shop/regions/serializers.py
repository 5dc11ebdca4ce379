from typing import Any

from rest_framework import serializers

from shop.core.api.serializers import StrictSerializer


class RegionsQuery(StrictSerializer):
    parent = serializers.RegexField(r"^\d{6}$", required=False, allow_blank=True)  # type: ignore[assignment]


class RegionOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.ChoiceField(["province", "city", "district"])
    is_leaf = serializers.BooleanField(help_text="An address can name this region.")


class RegionPageOut(serializers.Serializer[Any]):
    items = RegionOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
