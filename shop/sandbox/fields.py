"""Reads the fields of a WeChat Pay v3 body and refuses the wrong ones with PARAM_ERROR, naming the field."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from shop.sandbox.routing import Refused, refused


def param_error(field: str, value: object, issue: str) -> Refused:
    """Build the gateway's refusal of one field; `field` is a JSON pointer."""
    detail = {"field": field, "value": value, "issue": issue, "location": "body"}
    return refused(400, "PARAM_ERROR", f"参数错误：{field} {issue}", detail=detail)


def find(data: Mapping[str, Any], pointer: str) -> Any:
    """Follow a JSON pointer such as /amount/total; None where it leads nowhere."""
    value: Any = data
    for name in pointer.strip("/").split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text(data: Mapping[str, Any], pointer: str, *, most: int, default: str | None = None) -> str:
    """Return a text of 1 to `most` characters; the default makes the field optional."""
    value = find(data, pointer)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise param_error(pointer, value, f"应为长度1至{most}的字符串")
    return value


def fen(data: Mapping[str, Any], pointer: str) -> int:
    """Return a positive amount in fen."""
    value = find(data, pointer)
    if type(value) is not int or not 0 < value <= 10**12:
        raise param_error(pointer, value, "应为大于0的整数，单位为分")
    return value


def currency(data: Mapping[str, Any], *, required: bool) -> None:
    """Check /amount/currency, which can only be CNY."""
    value = find(data, "/amount/currency")
    if value != "CNY" and (required or value is not None):
        raise param_error("/amount/currency", value, "仅支持CNY")


def notify_url(data: Mapping[str, Any], *, default: str | None = None) -> str:
    """Return the address for notifications. The real gateway wants https; here http does, for the loopback address."""
    value = text(data, "/notify_url", most=255, default=default)
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and parts.port != 0
    except ValueError:
        valid = False
    if value and not valid:
        raise param_error("/notify_url", value, "应为可访问且不带参数的完整URL")
    return value
