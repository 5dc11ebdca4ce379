from typing import Any

from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.core.api.serializers import ErrorOut, validated_query
from shop.core.errors import NotFound
from shop.regions.queries import children, region
from shop.regions.serializers import RegionPageOut, RegionsQuery
from shop.regions.source import digest


def _etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str | None:
    parent = request.GET.get("parent")
    return f'"{digest()}-{parent or "top"}"' if not parent or region(parent) else None


@method_decorator(etag(_etag), name="dispatch")
class RegionListView(APIView):
    @extend_schema(parameters=[RegionsQuery], responses={200: RegionPageOut, 400: ErrorOut, 404: ErrorOut})
    @method_decorator(cache_control(public=True, max_age=86_400))
    def get(self, request: Request) -> Response:
        """The divisions below `parent`, all of them at once; the provinces without it."""
        parent = validated_query(RegionsQuery, request).get("parent") or None
        if parent is not None and region(parent) is None:
            raise NotFound
        items = [
            {"code": each.code, "name": each.name, "level": each.level, "is_leaf": each.is_leaf}
            for each in children(parent)
        ]
        return Response({"items": items, "next_cursor": None})
