import pytest
from django.urls import reverse

from shop.core import preferences
from shop.core.models import PreferenceValue, StaffUser

pytestmark = pytest.mark.django_db

CUPS = preferences.whole_number("test.cups", default=3, label="Cups of tests", minimum=1, maximum=9)
FLOOR = preferences.whole_number("test.floor_fen", default=100, label="Floor of tests (fen)")
SHARE = preferences.whole_number("test.share_bp", default=250, label="Share of tests (bp)", maximum=10_000)
OPEN = preferences.switch("test.open", default=False, label="Doors of tests open")
COLOUR = preferences.choice(
    "test.colour", default="red", choices={"red": "Rot", "blue": "Blau"}, label="Colour of tests"
)


@pytest.fixture(autouse=True)
def _fresh():
    preferences.forget_cached()
    yield
    preferences.forget_cached()


@pytest.fixture
def owner_client(client):
    client.force_login(StaffUser.objects.create_superuser("owner", password="x"))
    return client


def test_the_default_holds_until_the_merchant_sets_a_value():
    assert CUPS.value() == 3
    PreferenceValue.objects.create(key="test.cups", value=5)
    preferences.forget_cached()
    assert CUPS.value() == 5


@pytest.mark.parametrize("bad", ["5", 0, 10, 2.5, [], True])
def test_a_stored_value_that_is_not_acceptable_is_not_used(bad):
    PreferenceValue.objects.create(key="test.cups", value=bad)
    preferences.forget_cached()
    assert CUPS.value() == 3


def test_values_are_read_once_for_many_uses(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [CUPS.value() for _ in range(5)] == [3] * 5


def test_the_admin_lists_every_preference_and_checks_what_is_typed(owner_client):
    listing = owner_client.get(reverse("admin:core_preferencevalue_changelist"))
    assert "Cups" in listing.content.decode()
    row = PreferenceValue.objects.get(key="test.cups")
    address = reverse("admin:core_preferencevalue_change", args=[row.pk])
    refused = owner_client.post(address, {"value": "99"})
    assert refused.status_code == 200
    row.refresh_from_db()
    assert row.value == 3
    assert owner_client.post(address, {"value": "7"}).status_code == 302
    assert CUPS.value() == 7
    assert row.history.latest().history_user.username == "owner"


@pytest.mark.parametrize(
    ("declared", "typed", "value", "shown"),
    [
        (FLOOR, {"value": "12.50"}, 1250, "¥12.50"),
        (SHARE, {"value": "12.5"}, 1250, "12.5%"),
        (OPEN, {"value": "on"}, True, "是"),
        (OPEN, {}, False, "否"),
        (COLOUR, {"value": "blue"}, "blue", "Blau"),
    ],
)
def test_nobody_types_json(owner_client, declared, typed, value, shown):
    preferences.store_defaults()
    address = reverse("admin:core_preferencevalue_change", args=[PreferenceValue.objects.get(key=declared.key).pk])
    assert owner_client.post(address, typed).status_code == 302
    assert declared.value() == value
    assert shown in owner_client.get(reverse("admin:core_preferencevalue_changelist")).content.decode()


@pytest.mark.parametrize("bad", ["green", "", 1])
def test_a_choice_is_one_of_its_values(owner_client, bad):
    preferences.store_defaults()
    row = PreferenceValue.objects.get(key=COLOUR.key)
    refused = owner_client.post(reverse("admin:core_preferencevalue_change", args=[row.pk]), {"value": bad})
    assert refused.status_code == 200
    PreferenceValue.objects.filter(pk=row.pk).update(value=bad)
    preferences.forget_cached()
    assert COLOUR.value() == "red"


def test_a_preference_is_declared_once():
    with pytest.raises(ValueError, match="declared twice"):
        preferences.switch("test.cups", default=True, label="Again")
