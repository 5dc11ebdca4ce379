"""What the shop owes in points: as booked at the end of a day, what expires when, and the proof with its alert."""

import pytest
from django.db import connection, transaction

from members.identity.tests.factories import MemberFactory
from points.accounts.liability import forecast, liability_at
from points.accounts.models import LedgerProof
from points.accounts.services import prove_ledger
from points.ledger.models import PointAccount
from points.ledger.services import settle_due, spend
from points.ledger.tests.making import DAY, NOON, at, give
from shop.core import clock
from shop.core.clock import business_day, day_bounds
from shop.core.models import Alert

pytestmark = pytest.mark.django_db
CHINESE = {"accept-language": "zh-CN"}
MARCH = day_bounds(at(2026, 3, 31).date())[1]


@pytest.fixture
def books():
    """On 10 March 1000 points for good, 300 until the end of March; on the 11th 250 are spent; in April 50 expire."""
    member = MemberFactory()
    give(member, 1000)
    give(member, 300, expires_at=MARCH)
    with transaction.atomic():
        spend(reference="s", member_id=member.pk, points=250, source="order", now=NOON + DAY)
    return member


def test_the_liability_is_what_was_booked_by_the_end_of_the_day(books):
    day = business_day(NOON)
    first, second = liability_at(day=day), liability_at(day=day + DAY)
    assert (first.points, first.spent, first.worth_fen, first.breakage_bp) == (1300, 0, 1300, 0)
    assert (second.points, second.spent) == (1050, 250)
    settle_due(now=MARCH)
    third = liability_at(day=business_day(MARCH))
    # 50 of 300 points that ended expired: 16.66 %, and 83.34 % of ¥10.00 will be asked for.
    assert (third.points, third.expired, third.breakage_bp, third.expected_fen) == (1000, 50, 1666, 834)
    assert liability_at(day=day - DAY).points == 0


def test_the_forecast_says_what_expires_in_which_month_and_what_never_does(books):
    give(MemberFactory(), 70, expires_at=day_bounds(at(2026, 4, 30).date())[1])
    found = [(str(each.month), each.points, each.members) for each in forecast(now=NOON)]
    assert found == [("2026-03-01", 50, 1), ("2026-04-01", 70, 1), ("None", 1000, 1)]


def test_a_proof_keeps_the_sums_and_a_difference_raises_an_alert_until_it_is_gone(books):
    proof = prove_ledger(now=NOON)
    assert (proof.is_clean, proof.members, proof.available, proof.worth_fen) == (True, 1, 1050, 1050)
    PointAccount.objects.filter(pk=books.pk).update(available=1051)
    broken = prove_ledger(now=NOON)
    assert not broken.is_clean
    assert [each["law"] for each in broken.differences] == ["accounts_are_the_sum_of_their_lots"]
    assert Alert.objects.get().permission == "accounts.view_ledgerproof"
    PointAccount.objects.filter(pk=books.pk).update(available=1050)
    prove_ledger(now=NOON)
    assert not Alert.objects.exists()
    assert LedgerProof.objects.count() == 3
    connection.check_constraints()


def test_staff_see_the_report_for_a_day_and_prove_on_demand(admin_client, books):
    with clock.fixed(NOON + DAY):
        today = admin_client.get("/admin/accounts/ledgerproof/liability", headers=CHINESE, follow=True)
        assert "1,050" in today.content.decode()
        before = admin_client.get(
            "/admin/accounts/ledgerproof/liability", {"day": "2026-03-10"}, headers=CHINESE, follow=True
        )
        assert "1,300" in before.content.decode()
        wrong = admin_client.get("/admin/accounts/ledgerproof/liability", {"day": "x"}, follow=True)
        assert wrong.status_code == 200
        proof = admin_client.get("/admin/accounts/ledgerproof/prove-now", headers=CHINESE, follow=True)
        assert "批次与账户一致" in proof.content.decode()
        assert admin_client.get("/admin/accounts/ledgerproof/", headers=CHINESE).status_code == 200
