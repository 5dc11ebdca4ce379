"""Reads that are answered with ready JSON bytes, for addresses that everybody asks all the time.

A `ReadView` skips what such a read does not need (content negotiation, authentication, serializers, rendering) and is
otherwise an API view like any other: same addresses, same error envelope, same schema. Answers carry an ETag of their
bytes, so that a front that has them already is answered 304.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson
import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.views import APIView

from shop.core.api.envelope import as_refusal, envelope
from shop.core.api.serializers import StrictSerializer

JSON = "application/json"

log = structlog.get_logger(__name__)


class ReadView(APIView):
    """`get(request, **path)` answers with the body's bytes or raises what the envelope renders."""

    get: Callable[..., bytes]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return super().dispatch(request, *args, **kwargs)
        try:
            body = self.get(request, **kwargs)
        except Exception as error:
            return refused(request, error)
        etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        response = HttpResponse(body, content_type=JSON, headers=headers)
        return get_conditional_response(request, etag=etag, response=response) or response


def query_of(serializer: type[StrictSerializer], request: HttpRequest) -> dict[str, Any]:
    """The query string as `serializer` understands it; parameters it does not declare are ignored."""
    known = {name: value for name, value in request.GET.items() if name in serializer().fields}
    parsed = serializer(data=known)
    parsed.is_valid(raise_exception=True)
    return parsed.validated_data


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    refusal = as_refusal(error)
    if refusal.status >= 500:
        log.error("request_failed", exc_info=error)
    headers: Mapping[str, str] = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else {}
    return HttpResponse(
        orjson.dumps(envelope(refusal, request)), status=refusal.status, content_type=JSON, headers=headers
    )
