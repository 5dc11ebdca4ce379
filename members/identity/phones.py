"""Phone numbers: stored as E.164, typed and shown the way people in the mainland write them.

`PHONE_REGIONS` says whose mobile numbers may sign in: an open list would let strangers bill the shop for messages to
premium numbers abroad.
"""

import re

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

HOME_REGION = "CN"
# Nearly every number that is shown, and without what the library needs for any.
_HOME_MOBILE = re.compile(r"\+86(1[3-9]\d{9})")
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def parse_phone(typed: str) -> str | None:
    """The E.164 form of any valid number, landlines too; None when it is not one."""
    number = _parse(typed)
    return _e164(number) if number else None


def parse_mobile(typed: str) -> str | None:
    """The E.164 form of a mobile number of a region that may sign in; None when it is not one."""
    number = _parse(typed)
    if number is None or phonenumbers.number_type(number) not in _MOBILE:
        return None
    return _e164(number) if phonenumbers.region_code_for_number(number) in settings.PHONE_REGIONS else None


def show_phone(e164: str) -> str:
    """`+8613800138000` → `13800138000`; numbers abroad keep their `+`."""
    mobile = _HOME_MOBILE.fullmatch(e164)
    if mobile:
        return mobile[1]
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    if number.country_code != phonenumbers.country_code_for_region(HOME_REGION):
        return e164
    return "".join(c for c in phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if c.isdigit())


def mask_phone(e164: str) -> str:
    """`+8613800138000` → `138****8000`, for screens that many people see."""
    shown = show_phone(e164)
    return f"{shown[:-8]}****{shown[-4:]}" if len(shown) > 8 else "****"


def _parse(typed: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(typed, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) and not number.extension else None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
