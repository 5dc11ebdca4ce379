"""Input serializers refuse what they do not know; integers are integers, not text that looks like one."""

import unicodedata
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

_UNPRINTABLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer; text, booleans and fractions are refused."""

    default_error_messages = {"not_integer": _("A whole number is required.")}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("not_integer")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """A JSON boolean; text and numbers are refused."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class TextLineField(serializers.CharField):
    """JSON text on one line: no control, direction or line-break characters, which would forge labels and exports."""

    # Emoji of several parts, and some scripts, are written with the zero-width joiner and non-joiner.
    allowed = "\u200c\u200d"
    default_error_messages = {"unprintable": _("Line breaks and control characters are not allowed.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if any(unicodedata.category(c) in _UNPRINTABLE and c not in self.allowed for c in text):
            self.fail("unprintable")
        return text


class TextLinesField(TextLineField):
    """Text of several lines, whatever ends a line on the device; otherwise like TextLineField."""

    allowed = TextLineField.allowed + "\n"
    default_error_messages = {"unprintable": _("Control characters are not allowed.")}

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data.replace("\r\n", "\n") if isinstance(data, str) else data)


class StrictSerializer(serializers.Serializer[Any]):
    """An input serializer: unknown fields are an error."""

    default_error_messages = {"unknown_field": _("This field is not known.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = set(data) - set(self.fields)
            if unknown:
                message = self.error_messages["unknown_field"]
                raise serializers.ValidationError(
                    {name: [serializers.ErrorDetail(str(message), "unknown_field")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)


class NoFields(StrictSerializer):
    """The body of an endpoint whose address says everything: none, or an empty object."""


def validated(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The request's body as `serializer` understands it; raises what the envelope renders as 400."""
    return _understood(serializer, request.data)


def validated_query(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The query string as `serializer` understands it; parameters it does not declare are ignored."""
    fields = _kept(serializer).fields
    return _understood(serializer, {name: value for name, value in request.query_params.items() if name in fields})


def _understood(serializer: type[StrictSerializer], data: Any) -> dict[str, Any]:
    try:
        return _kept(serializer).run_validation(data)
    except serializers.ValidationError:
        # Some messages stay in the language of whoever read them first: complaints come from a new serializer.
        complaining = serializer(data=data)
        complaining.is_valid(raise_exception=True)
        return complaining.validated_data


@cache
def _kept(serializer: type[StrictSerializer]) -> StrictSerializer:
    """One for all requests: to make one costs more than to ask it, and nothing that it is asked stays with it."""
    return serializer()


class ErrorDetailOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ErrorOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    details = ErrorDetailOut(many=True)
    request_id = serializers.CharField()
    data = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="What some refusals add, as their endpoint documents."
    )
