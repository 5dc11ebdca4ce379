"""Typed refusals: each has a stable code, an HTTP status and a translated message.

The API renders every one of them in the same envelope (`shop.core.api.envelope`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Detail:
    """One refused part of a request; `field` is a JSON pointer such as `/items/0/quantity`."""

    field: str
    code: str
    message: Any


class DomainError(Exception):
    """A refusal that the caller can act on. Keyword arguments fill the message's placeholders.

    Those named in `exposes` are answered to the client too, as `data`.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 409
    message: ClassVar[Any]
    exposes: ClassVar[tuple[str, ...]] = ()
    retry_after: int | None = None

    def __init__(self, *, details: Sequence[Detail] = (), retry_after: int | None = None, **data: Any) -> None:
        super().__init__(self.code)
        self.details = tuple(details)
        self.retry_after = retry_after
        self.data: Mapping[str, Any] = data

    def __str__(self) -> str:
        return str(self.message).format(**self.data) if self.data else str(self.message)


class InvalidInput(DomainError):
    code, status, message = "invalid_input", 400, _("Some fields are not valid.")


class BadRequest(DomainError):
    code, status, message = "bad_request", 400, _("This request cannot be understood.")


class MalformedBody(DomainError):
    code, status, message = "malformed_body", 400, _("The body is not valid JSON.")


class InvalidCursor(DomainError):
    code, status, message = "invalid_cursor", 400, _("The cursor is not valid.")


class NotSignedIn(DomainError):
    code, status, message = "not_signed_in", 401, _("Please sign in.")


class NotAllowed(DomainError):
    code, status, message = "not_allowed", 403, _("You may not do this.")


class NotFound(DomainError):
    code, status, message = "not_found", 404, _("Not found.")


class MethodNotAllowed(DomainError):
    code, status, message = "method_not_allowed", 405, _("This method is not allowed here.")


class NotAcceptable(DomainError):
    code, status, message = "not_acceptable", 406, _("Only JSON can be answered.")


class BodyTooLarge(DomainError):
    code, status, message = "body_too_large", 413, _("The request is too large.")


class UnsupportedMediaType(DomainError):
    code, status, message = "unsupported_media_type", 415, _("Send JSON with content type application/json.")


class IdempotencyKeyRequired(DomainError):
    code, status, message = "idempotency_key_required", 400, _("The Idempotency-Key header is required.")


class IdempotencyKeyReused(DomainError):
    code, status, message = "idempotency_key_reused", 422, _("This Idempotency-Key was used for another request.")


class IdempotencyInProgress(DomainError):
    code, status, message = "idempotency_in_progress", 409, _("The same request is still being processed.")


class RateLimited(DomainError):
    code, status, message = "rate_limited", 429, _("Too many requests. Please try again later.")


class Busy(DomainError):
    code, status, message = "busy", 503, _("The shop is busy. Please try again.")


class InternalError(DomainError):
    code, status, message = "internal_error", 500, _("Something went wrong on our side.")


class IllegalTransition(DomainError):
    code, status, message = "illegal_transition", 409, _("This is not possible in the present state.")


class ImageTooLarge(DomainError):
    code, status = "image_too_large", 413
    message = _("The image is too large: at most {megabytes} MB and {megapixels} megapixels.")


class ImageNotSupported(DomainError):
    code, status, message = "image_not_supported", 415, _("Only JPEG, PNG and WebP images are accepted.")


class ImageBroken(DomainError):
    code, status, message = "image_broken", 400, _("The image is damaged and cannot be read.")
