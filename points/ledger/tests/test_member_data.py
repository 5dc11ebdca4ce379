"""Accounts that become one, members who leave, and members who take their data along."""

import pytest
from django.db import transaction

from members.identity.services import merging
from members.identity.tests.factories import MemberFactory
from points.ledger.member_data import erase, export, move
from points.ledger.models import ManualGrant, PointAccount, PointLot, PointTransaction
from points.ledger.queries import profile_of
from points.ledger.services import claw_back, hold, request_grant, reverse, spend
from points.ledger.tests.making import DAY, NOON, STAFF, balance, give, violations
from shop.core import clock

pytestmark = pytest.mark.django_db
LEAVING = NOON + DAY


@pytest.fixture
def phone(db):
    return MemberFactory(openid=None)


@pytest.fixture
def wechat(db):
    return MemberFactory(phone=None, openid="mine")


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert violations() == {}


def merge(source, target):
    with transaction.atomic():
        merging.merge_accounts(source_id=source.pk, target_id=target.pk, now=NOON)


def use(member, points, reference):
    spend(reference=reference, member_id=member.pk, points=points, source="order", now=NOON)


def test_points_of_both_accounts_are_one_with_their_history(phone, wechat):
    give(phone, 100, expires_at=NOON + DAY)
    give(wechat, 50, expires_at=NOON + 2 * DAY)
    give(wechat, 7, matures_at=NOON + DAY)
    use(wechat, 20, "order:1")
    hold(reference="hold:1", member_id=wechat.pk, points=10, now=NOON)
    merge(wechat, phone)
    assert (balance(phone), balance(wechat)) == ((120, 7, 10, 0), (0, 0, 0, 0))
    assert balance(phone, now=NOON + DAY) == (27, 0, 10, 0)
    assert set(PointTransaction.objects.values_list("member", flat=True)) == {phone.pk}
    reverse(of="order:1", reference="refund:1", points=20, now=NOON)
    assert balance(phone) == (140, 7, 10, 0)


@pytest.mark.parametrize("debtor_stays", [True, False])
def test_a_debt_of_one_is_repaid_by_the_other(phone, wechat, debtor_stays):
    debtor, payer = (phone, wechat) if debtor_stays else (wechat, phone)
    give(debtor, 40, reference="grant")
    use(debtor, 40, "order:1")
    claw_back(of="grant", reference="back", points=40, now=NOON)
    give(payer, 100)
    merge(wechat, phone)
    assert (balance(phone), balance(wechat)) == ((60, 0, 0, 0), (0, 0, 0, 0))


def test_an_account_without_points_brings_none_and_strays_follow(phone, wechat):
    give(phone, 10)
    merge(wechat, phone)
    assert (balance(phone), PointAccount.objects.count()) == ((10, 0, 0, 0), 1)
    give(wechat, 5)
    assert move(source_id=wechat.pk, target_id=phone.pk, now=NOON) == {"points": 1, "manual_grants": 0}
    assert balance(phone) == (15, 0, 0, 0)


def test_points_are_void_when_a_member_leaves_and_words_are_forgotten(phone):
    give(phone, 100, note="张女士的补偿")
    give(phone, 7, matures_at=None)
    hold(reference="hold:1", member_id=phone.pk, points=30, now=NOON)
    for number, points in enumerate((5, 5000)):
        request_grant(
            reference=f"r:{number}", member_id=phone.pk, points=points, reason="张女士", actor=STAFF, now=NOON
        )
    assert erase(member_id=phone.pk, now=LEAVING) == {"points": 82, "point_notes": 2, "manual_grants": 2}
    assert balance(phone, now=LEAVING) == (0, 0, 30, 0)
    assert PointTransaction.objects.order_by("-pk")[0].kind == "void"
    assert set(ManualGrant.objects.values_list("status", "reason")) == {("booked", ""), ("declined", "")}
    assert not PointTransaction.objects.exclude(note="").exists()
    assert erase(member_id=phone.pk, now=LEAVING)["points"] == 0


def test_who_never_had_points_leaves_no_account(phone):
    assert erase(member_id=phone.pk, now=NOON) == {"points": 0, "point_notes": 0, "manual_grants": 0}
    assert PointAccount.objects.count() == 0


def test_members_take_their_points_along(phone):
    give(phone, 100)
    use(phone, 30, "order:1")
    with clock.fixed(NOON):
        data = export(member_id=phone.pk)
        assert profile_of([phone.pk]) == {phone.pk: {"points": 70}}
    assert data["points"] == {"available": 70, "pending": 0, "held": 0, "debt": 0}
    assert [row["points"] for row in data["point_history"]] == [100, -30]
    assert [row["remaining"] for row in data["point_lots"]] == [70]
    assert PointLot.objects.count() == 1
