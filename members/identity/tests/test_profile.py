from datetime import UTC, datetime

import pytest

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from shop.core import clock

pytestmark = pytest.mark.django_db

ME = "/api/v1/me"


def at(year, month, day):
    return clock.fixed(datetime(year, month, day, 4, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _token_outlives_the_test(settings, monkeypatch):
    # Time travels in these tests; the signed token reads the real clock.
    monkeypatch.setattr("shop.core.access_tokens.time", lambda: 0.0)


def details(answer):
    assert answer.status_code == 400
    return [(d["field"], d["code"]) for d in answer.json()["details"]]


def test_me_has_exactly_the_contracts_keys(member, member_client):
    assert member_client.get(ME).json() == {
        "id": member.pk,
        "nickname": "",
        "avatar_url": "",
        "phone": member.phone.removeprefix("+86"),
        "birthday": None,
        "tier": {"code": "normal", "name": "普通会员"},
        "growth": 0,
        "points": 0,
        "invite_code": member.invite_code,
    }


def silver(member_ids):
    return {pk: {"tier": {"code": "silver", "name": "银卡"}, "growth": 120} for pk in member_ids}


def rich(member_ids):
    return {pk: {"points": 37} for pk in member_ids}


def test_rooms_above_fill_in_what_they_know(settings, member_client):
    settings.MEMBER_PROFILE_PROVIDERS = [f"{__name__}.silver", f"{__name__}.rich"]
    me = member_client.get(ME).json()
    assert (me["tier"], me["growth"], me["points"]) == ({"code": "silver", "name": "银卡"}, 120, 37)


def test_a_profile_costs_one_query_two_for_the_tier_and_one_for_points(member_client, django_assert_num_queries):
    with django_assert_num_queries(4):
        member_client.get(ME)


def test_what_is_left_out_of_a_put_stays(member, member_client):
    avatar = "https://thirdwx.qlogo.cn/mmopen/a/132"
    first = member_client.put(ME, {"nickname": "  小明👨‍👩‍👧 ", "avatar_url": avatar})
    assert first.status_code == 200
    second = member_client.put(ME, {"birthday": "1990-02-28"}).json()
    assert (second["nickname"], second["avatar_url"], second["birthday"]) == ("小明👨‍👩‍👧", avatar, "1990-02-28")
    assert member_client.put(ME, {}).json() == second
    assert member_client.put(ME, {"avatar_url": ""}).json()["avatar_url"] == ""


@pytest.mark.parametrize(
    "nickname", ["", "   ", "a" * 21, "a\nb", "a\u202eb", "a\u200bb", "a\x00b", "\ue000", None, 5, ["a"]]
)
def test_what_is_no_nickname_is_refused(member, member_client, nickname):
    assert details(member_client.put(ME, {"nickname": nickname}))[0][0] == "/nickname"
    member.refresh_from_db()
    assert member.nickname == ""


@pytest.mark.parametrize(
    "avatar", ["javascript:alert(1)", "ftp://a.cn/b", "//a.cn/b", "a.png", "https://a.cn/" + "b" * 500, 1, None]
)
def test_what_is_no_web_address_is_refused(member, member_client, avatar):
    assert details(member_client.put(ME, {"avatar_url": avatar}))[0][0] == "/avatar_url"
    member.refresh_from_db()
    assert member.avatar_url == ""


@pytest.mark.parametrize(
    "birthday", ["1899-12-31", "2026-06-02", "1990-02-30", "1990", 19900101, "1990-01-01T00:00:00Z"]
)
def test_what_is_no_birthday_is_refused(member, member_client, birthday):
    with at(2026, 6, 1):
        assert details(member_client.put(ME, {"birthday": birthday}))[0][0] == "/birthday"
    member.refresh_from_db()
    assert member.birthday is None


def test_today_in_shanghai_may_be_a_birthday(member_client):
    with clock.fixed(datetime(2026, 6, 1, 16, tzinfo=UTC)):
        assert member_client.put(ME, {"birthday": "2026-06-02"}).status_code == 200


def test_a_birthday_changes_once_a_year(member, member_client):
    with at(2026, 3, 1):
        assert member_client.put(ME, {"birthday": "1990-05-05"}).status_code == 200
    with at(2027, 2, 28):
        answer = member_client.put(ME, {"birthday": "1991-05-05", "nickname": "新"})
        assert (answer.status_code, answer.json()["code"]) == (409, "birthday_already_set")
        assert "2027-03-01" in answer.json()["message"]
        assert member_client.put(ME, {"birthday": None}).status_code == 409
        assert member_client.put(ME, {"birthday": "1990-05-05"}).status_code == 200
    member.refresh_from_db()
    assert (str(member.birthday), member.nickname) == ("1990-05-05", "")
    with at(2027, 3, 1):
        assert member_client.put(ME, {"birthday": "1991-05-05"}).status_code == 200


def test_a_leap_day_is_a_year_old_on_the_first_of_march(member_client):
    with at(2028, 2, 29):
        member_client.put(ME, {"birthday": "1990-05-05"})
    with at(2029, 2, 28):
        assert member_client.put(ME, {"birthday": "1991-05-05"}).status_code == 409
    with at(2029, 3, 1):
        assert member_client.put(ME, {"birthday": "1991-05-05"}).status_code == 200


def test_a_member_who_is_gone_is_not_signed_in(member, member_client):
    Member.objects.filter(pk=member.pk).delete()
    assert member_client.get(ME).status_code == 401
    assert member_client.put(ME, {}).status_code == 401


def test_a_change_touches_nobody_else(member_client):
    other = MemberFactory(nickname="旁人")
    member_client.put(ME, {"nickname": "我"})
    other.refresh_from_db()
    assert other.nickname == "旁人"
