"""Stores where an order can be picked up."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from logistics.network.queries import pickup_stores
from members.identity.api import PublicAPIView
from shop.core.api.pagination import page
from shop.core.api.serializers import ErrorOut, StrictSerializer, validated_query
from shop.regions.queries import region


class PickupStoreQuery(StrictSerializer):
    lat = serializers.FloatField(required=False, min_value=-90, max_value=90)
    lng = serializers.FloatField(required=False, min_value=-180, max_value=180)
    region = serializers.RegexField(r"^[0-9]{6}$", required=False, default="")
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100)


class PickupStoreOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    region_code = serializers.CharField()
    region_path = serializers.CharField()
    detail = serializers.CharField()
    phone = serializers.CharField()
    longitude = serializers.FloatField()
    latitude = serializers.FloatField()
    opening_hours = serializers.CharField()
    distance_m = serializers.IntegerField(allow_null=True)


class PickupStorePageOut(serializers.Serializer[Any]):
    items = PickupStoreOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class PickupStoreListView(PublicAPIView):
    @extend_schema(
        operation_id="pickup_stores_list",
        parameters=[PickupStoreQuery],
        responses={200: PickupStorePageOut, 400: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """Open stores, nearest first when a point is given."""
        query = validated_query(PickupStoreQuery, request)
        located = "lat" in query and "lng" in query
        stores = pickup_stores(latitude=query.get("lat"), longitude=query.get("lng"), region_code=query["region"])
        return Response(
            page(stores, request, ordering=("distance_m", "id"), present=lambda store: _present(store, located))
        )


def _present(store: dict[str, Any], located: bool) -> dict[str, Any]:
    place = region(store["region_id"])
    return {
        "id": store["id"],
        "name": store["name"],
        "region_code": store["region_id"],
        "region_path": place.path_name if place else "",
        "detail": store["detail"],
        "phone": store["phone"],
        "longitude": store["longitude"],
        "latitude": store["latitude"],
        "opening_hours": store["opening_hours"],
        "distance_m": store["distance_m"] if located else None,
    }
