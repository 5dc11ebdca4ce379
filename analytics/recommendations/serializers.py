"""Shapes of this room's API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from analytics.recommendations.queries import Scene
from shop.catalog.serializers import ProductCardOut
from shop.core.api.serializers import StrictBooleanField, StrictSerializer


class RecommendationsQuery(StrictSerializer):
    scene = serializers.ChoiceField(choices=[each.value for each in Scene], default=Scene.HOME.value)
    product = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values["scene"] == Scene.PRODUCT and "product" not in values:
            raise serializers.ValidationError({"product": _("Say which product.")})
        return values


class RecommendationsOut(serializers.Serializer[Any]):
    items = ProductCardOut(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="Always null: this is all.")
    is_personal = serializers.BooleanField(help_text="Whether the member's own purchases or cart were used.")


class PersonalChoiceIn(StrictSerializer):
    is_personal = StrictBooleanField()


class PersonalChoiceOut(serializers.Serializer[Any]):
    is_personal = serializers.BooleanField()
