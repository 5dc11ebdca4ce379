"""The ledger of a member for staff: every entry with why, its lots, and steps that add up; favours within bounds."""

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client

from members.identity.tests.factories import MemberFactory
from points.ledger.models import ManualGrant, PointTransaction
from points.ledger.preferences import APPROVAL_ABOVE, APPROVAL_ABOVE_A_DAY
from points.ledger.services import request_grant, spend
from points.ledger.tests.making import NOON, STAFF, at, give
from points.rules.trace import Code, Step, stored
from shop.core import clock
from shop.core.models import PreferenceValue, StaffUser
from shop.core.preferences import forget_cached

pytestmark = pytest.mark.django_db
CHINESE = {"accept-language": "zh-CN"}
STEPS = (
    Step(1, 1, "消费得积分", Code.PER_AMOUNT, 88, {"fen": 8800}),
    Step(2, 2, "周六双倍", Code.MULTIPLIER, 88, {"base": 88, "bp": 20_000}),
    Step(3, 3, "金卡礼", Code.OTHER_SEGMENT),
)


@pytest.fixture(autouse=True)
def _at_noon():
    with clock.fixed(NOON):
        yield


@pytest.fixture
def rich():
    member = MemberFactory(nickname="小满", phone="+8613800138000")
    give(member, 60, expires_at=at(2026, 12, 31))
    give(member, 176, trace=stored(STEPS, rule_set=1, worth_fen=8800))
    with transaction.atomic():
        spend(reference="s", member_id=member.pk, points=100, source="order", now=NOON)
    return member


def clerk(*permissions):
    user = StaffUser.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def page(client, member, **query):
    return client.get(f"/admin/ledger/pointaccount/{member.pk}/change/", query, headers=CHINESE)


def test_each_entry_tells_why_in_steps_that_add_up_and_which_lots_it_took(admin_client, rich):
    answer = page(admin_client, rich)
    spent, earned, _first = answer.context["lines"]
    assert [part.points for part in earned.gave] == [88, 88]
    assert earned.sums == "合计 176 分。"
    assert [part.rule for part in earned.rejected] == ["金卡礼"]
    # The lot that expires first gives first.
    assert [leg.points for leg in spent.legs] == [-60, -40]
    assert "有效期至 2026-12-31" in spent.legs[0].text
    shown = answer.content.decode()
    assert "周六双倍" in shown
    assert "使用：消费" in shown


def test_the_page_costs_the_same_however_long_the_history_is(admin_client, rich, django_assert_max_num_queries):
    for _number in range(40):
        give(rich, 3, trace=stored(STEPS, rule_set=1, worth_fen=100))
    page(admin_client, rich)
    with django_assert_max_num_queries(19):
        answer = page(admin_client, rich)
    assert len(answer.context["lines"]) == 25
    older = admin_client.get(answer.context["older"], headers=CHINESE)
    assert [line.movement.points for line in older.context["lines"]][-3:] == [-100, 176, 60]
    assert (
        page(admin_client, rich, cursor="nonsense").context["lines"][0].movement == answer.context["lines"][0].movement
    )


def test_the_members_page_shows_the_balance_and_where_to_go(admin_client, rich):
    address = f"/admin/identity/member/{rich.pk}/change/"
    shown = admin_client.get(address, headers=CHINESE).content.decode()
    assert "可用 136（值 ¥1.36）" in shown
    assert f"/admin/ledger/pointaccount/{rich.pk}/change/" in shown
    assert f"give-or-take/?member={rich.pk}" in shown
    looking = clerk("view_member").get(address, headers=CHINESE).content.decode()
    assert "可用 136" not in looking


def test_one_person_gives_so_much_a_day_to_all_members_alone():
    PreferenceValue.objects.update_or_create(key=APPROVAL_ABOVE.key, defaults={"value": 100})
    PreferenceValue.objects.update_or_create(key=APPROVAL_ABOVE_A_DAY.key, defaults={"value": 150})
    forget_cached()
    for number, points in enumerate((100, 60, 50, 1)):
        request_grant(
            reference=f"favour:{number}",
            member_id=MemberFactory().pk,
            points=points,
            reason="赔礼",
            actor=STAFF,
            now=NOON,
        )
    assert list(ManualGrant.objects.order_by("pk").values_list("status", flat=True)) == [
        "booked",
        "waiting",
        "booked",
        "waiting",
    ]


def test_the_page_of_a_movement_tells_why_in_words(rich, admin_client: Client):
    granted = PointTransaction.objects.get(member=rich, points=176)
    page = admin_client.get(f"/admin/ledger/pointtransaction/{granted.pk}/change/", headers=CHINESE).content.decode()
    assert ("获得：消费" in page, "“周六双倍”" in page, "“金卡礼”" in page) == (True, True, True)
    assert ("per_amount" in page, "steps" in page) == (False, False)
