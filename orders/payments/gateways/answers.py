"""Answers of gateways: what cannot be read is as good as none."""

from typing import Any, TypeVar

import msgspec

from orders.payments.errors import PaymentGatewayUnavailable

RETRY_AFTER_SECONDS = 3
Shape = TypeVar("Shape", bound=msgspec.Struct)


def unavailable() -> PaymentGatewayUnavailable:
    return PaymentGatewayUnavailable(retry_after=RETRY_AFTER_SECONDS)


def converted(answer: dict[str, Any], shape: type[Shape]) -> Shape:
    """Raises PaymentGatewayUnavailable."""
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError as error:
        raise unavailable() from error
