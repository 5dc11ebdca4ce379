"""One handler renders every error as `{code, message, details, request_id}` with its real HTTP status."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from rest_framework import exceptions as drf
from rest_framework.response import Response

from shop.core import errors
from shop.core.errors import Detail, DomainError

log = structlog.get_logger(__name__)

_FROM_DRF: dict[type[Exception], type[DomainError]] = {
    drf.ParseError: errors.MalformedBody,
    drf.NotAuthenticated: errors.NotSignedIn,
    drf.AuthenticationFailed: errors.NotSignedIn,
    drf.PermissionDenied: errors.NotAllowed,
    PermissionDenied: errors.NotAllowed,
    drf.NotFound: errors.NotFound,
    Http404: errors.NotFound,
    drf.MethodNotAllowed: errors.MethodNotAllowed,
    drf.NotAcceptable: errors.NotAcceptable,
    drf.UnsupportedMediaType: errors.UnsupportedMediaType,
    RequestDataTooBig: errors.BodyTooLarge,
    OperationalError: errors.Busy,
    InterfaceError: errors.Busy,
}


def render_exception(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: turns whatever was raised into the envelope."""
    refusal = as_refusal(error)
    if refusal.status >= 500:
        log.error("request_failed", exc_info=error)
    response = Response(envelope(refusal, context["request"]), status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(error, drf.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def as_refusal(error: Exception) -> DomainError:
    if isinstance(error, DomainError):
        return error
    if isinstance(error, drf.ValidationError):
        return errors.InvalidInput(details=_details(error.detail))
    for known, refusal in _FROM_DRF.items():
        if isinstance(error, known):
            return refusal(retry_after=1) if refusal is errors.Busy else refusal()
    return errors.InternalError()


def envelope(refusal: DomainError, request: HttpRequest | Any) -> dict[str, Any]:
    body = {
        "code": refusal.code,
        "message": str(refusal),
        "details": [{"field": d.field, "code": d.code, "message": str(d.message)} for d in refusal.details],
        "request_id": getattr(request, "request_id", ""),
    }
    if refusal.exposes:
        body["data"] = {name: refusal.data[name] for name in refusal.exposes}
    return body


def _details(detail: Any, pointer: str = "") -> list[Detail]:
    if isinstance(detail, Mapping):
        return [
            each
            for name, inner in detail.items()
            for each in _details(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
        ]
    if isinstance(detail, list):
        return [
            each
            for index, inner in enumerate(detail)
            for each in _details(inner, f"{pointer}/{index}" if isinstance(inner, Mapping | list) else pointer)
        ]
    return [Detail(pointer, getattr(detail, "code", "invalid"), str(detail))]
