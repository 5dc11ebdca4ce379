import pytest

from members.identity.phones import mask_phone, parse_mobile, parse_phone, show_phone


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 13800138000",
        "+8613800138000",
        "008613800138000",
        "１３８００１３８０００",
    ],
)
def test_a_mainland_mobile_is_one_number_however_it_is_typed(typed):
    assert parse_mobile(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    ["", "abc", "1380013800", "138001380000", "12345678901", "010-88888888", "+85251234567", "+12025550123", "1" * 40],
)
def test_what_is_no_mainland_mobile_cannot_sign_in(typed):
    assert parse_mobile(typed) is None


def test_whose_mobiles_may_sign_in_is_a_setting(settings):
    settings.PHONE_REGIONS = ["CN", "HK"]
    assert parse_mobile("+852 5123 4567") == "+85251234567"


def test_a_parcel_may_name_a_landline_but_no_extension():
    assert parse_phone("0755-8888 8888") == "+8675588888888"
    assert parse_phone("0755-88888888 ext. 12") is None


def test_numbers_are_shown_as_people_type_them():
    assert show_phone("+8613800138000") == "13800138000"
    assert show_phone("+8675588888888") == "075588888888"
    assert show_phone("+85251234567") == "+85251234567"


def test_a_masked_number_keeps_its_ends():
    assert mask_phone("+8613800138000") == "138****8000"
