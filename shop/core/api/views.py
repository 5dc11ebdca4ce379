"""An address that does nothing, against which others are measured."""

from typing import Any

import orjson
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from shop.core.api.reads import ReadView
from shop.core.api.serializers import ErrorOut

PONG = orjson.dumps({"pong": True})


class PingOut(serializers.Serializer[Any]):
    pong = serializers.BooleanField()


class PingView(ReadView):
    """Answers a constant through the same stack as every read; touches neither database nor cache."""

    @extend_schema(operation_id="ping", responses={200: PingOut, 304: None, 405: ErrorOut})
    def get(self, request: HttpRequest) -> bytes:
        return PONG
