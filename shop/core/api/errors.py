"""Django's own error pages inside the API: the same envelope as everywhere."""

import orjson
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from shop.core.api.envelope import envelope
from shop.core.errors import BadRequest, DomainError, InternalError, NotAllowed, NotFound


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, BadRequest()) if _is_api(request) else defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotAllowed()) if _is_api(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotFound()) if _is_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, InternalError()) if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _answer(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(envelope(refusal, request)), status=refusal.status, content_type="application/json"
    )
