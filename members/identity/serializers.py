"""What clients send and get. A field that is left out of a PUT keeps its value."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from members.identity.models import Address, Cancellation, MemberSession
from members.identity.phones import parse_mobile, parse_phone, show_phone
from members.identity.services.phone_codes import Purpose
from shop.core import clock
from shop.core.api.serializers import StrictBooleanField, StrictSerializer, TextLineField
from shop.regions.queries import region

OLDEST_BIRTHDAY = date(1900, 1, 1)


@extend_schema_field(OpenApiTypes.STR)
class PhoneField(TextLineField):
    """Any valid number, typed with or without spaces, dashes and +86; gives E.164."""

    default_error_messages = {"invalid_phone": _("This is not a phone number.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        phone = self.parse(super().to_internal_value(data))
        if phone is None:
            self.fail("invalid_phone")
        return phone

    def parse(self, typed: str) -> str | None:
        return parse_phone(typed)


@extend_schema_field(OpenApiTypes.STR)
class MobileField(PhoneField):
    """A mobile number that may sign in; gives E.164."""

    default_error_messages = {"invalid_phone": _("This is not a mobile number that can sign in here.")}

    def parse(self, typed: str) -> str | None:
        return parse_mobile(typed)


@extend_schema_field(OpenApiTypes.STR)
class RegionCodeField(TextLineField):
    default_error_messages = {
        "unknown_region": _("This region is not known."),
        "region_too_wide": _("Choose the district too."),
    }

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        found = region(code)
        if found is None:
            self.fail("unknown_region")
        if not found.is_leaf:
            self.fail("region_too_wide")
        return code


class WebAddressField(serializers.URLField):
    """An http or https address, or empty text."""

    default_error_messages = {"scheme": _("Only http and https addresses are allowed.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        if value and not value.lower().startswith(("https://", "http://")):
            self.fail("scheme")
        return value


class SmsCodeIn(StrictSerializer):
    phone = MobileField()
    purpose = serializers.ChoiceField(
        [each.value for each in Purpose],
        required=False,
        default=Purpose.SIGN_IN.value,
        help_text="What the code is good for; it works for nothing else.",
    )


class SmsCodeOut(serializers.Serializer[Any]):
    resend_after_seconds = serializers.IntegerField()


class SmsLoginIn(StrictSerializer):
    phone = MobileField()
    code = TextLineField(max_length=6)
    invite_code = TextLineField(max_length=12, required=False, allow_blank=True, default="")


class WechatLoginIn(StrictSerializer):
    login_code = TextLineField(max_length=128)
    phone_code = TextLineField(max_length=128, required=False, allow_null=True, default=None)
    invite_code = TextLineField(max_length=12, required=False, allow_blank=True, default="")


class RefreshIn(StrictSerializer):
    refresh = TextLineField(max_length=200)


class TierOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class ProfileOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    nickname = serializers.CharField()
    avatar_url = serializers.CharField()
    phone = serializers.CharField(allow_null=True)
    birthday = serializers.DateField(allow_null=True)
    tier = TierOut(allow_null=True)
    growth = serializers.IntegerField()
    points = serializers.IntegerField()
    invite_code = serializers.CharField()


class ProfileIn(StrictSerializer):
    nickname = TextLineField(max_length=20, required=False)
    avatar_url = WebAddressField(max_length=500, required=False, allow_blank=True)
    birthday = serializers.DateField(required=False, allow_null=True, help_text="Changes at most once a year.")

    default_error_messages = {"not_a_birthday": _("This date cannot be a birthday.")}

    def validate_birthday(self, value: date | None) -> date | None:
        if value is not None and not OLDEST_BIRTHDAY <= value <= clock.business_day(clock.now()):
            self.fail("not_a_birthday")
        return value


class PhoneIn(StrictSerializer):
    phone = MobileField()
    code = TextLineField(max_length=6)
    old_code = TextLineField(max_length=6, required=False, allow_blank=True, default="")
    login_code = TextLineField(max_length=128, required=False, allow_blank=True, default="")


class TokensOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedInOut(TokensOut):
    is_new = serializers.BooleanField()
    member = ProfileOut()


class SessionOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    device = serializers.CharField()
    created_at = serializers.DateTimeField()
    refreshed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()


class SessionPageOut(serializers.Serializer[Any]):
    items = SessionOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CancellationIn(StrictSerializer):
    code = TextLineField(max_length=6, required=False, allow_blank=True, default="")
    login_code = TextLineField(max_length=128, required=False, allow_blank=True, default="")


class CancellationOut(serializers.Serializer[Any]):
    requested_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class AddressIn(StrictSerializer):
    name = TextLineField(max_length=40)
    phone = PhoneField()
    region_code = RegionCodeField()
    detail = TextLineField(max_length=200)
    is_default = StrictBooleanField(default=False)


class AddressChangeIn(StrictSerializer):
    name = TextLineField(max_length=40, required=False)
    phone = PhoneField(required=False)
    region_code = RegionCodeField(required=False)
    detail = TextLineField(max_length=200, required=False)
    is_default = StrictBooleanField(required=False)


class AddressOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    phone = serializers.CharField()
    region_code = serializers.CharField()
    region_path = serializers.CharField()
    detail = serializers.CharField()
    is_default = serializers.BooleanField()


class AddressPageOut(serializers.Serializer[Any]):
    items = AddressOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def present_address(address: Address) -> dict[str, Any]:
    where = region(address.region_id)
    return {
        "id": address.pk,
        "name": address.name,
        "phone": show_phone(address.phone),
        "region_code": address.region_id,
        "region_path": where.path_name if where else "",
        "detail": address.detail,
        "is_default": address.is_default,
    }


def present_session(session: MemberSession, *, current: int) -> dict[str, Any]:
    return {
        "id": session.pk,
        "device": session.user_agent,
        "created_at": session.created_at,
        "refreshed_at": session.refreshed_at,
        "expires_at": session.expires_at,
        "is_current": session.pk == current,
    }


def present_cancellation(cancellation: Cancellation) -> dict[str, Any]:
    return {"requested_at": cancellation.requested_at, "due_at": cancellation.due_at}
