"""R9: nothing expired is ever spent, nothing alive is ever lost, however late the sweeper is."""

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from points.ledger.errors import ExpiryPolicyInvalid, InsufficientPoints
from points.ledger.jobs import settle_accounts
from points.ledger.models import (
    ExpiryPolicy,
    ExpiryVersion,
    PointAccount,
    PointGrace,
    PointLot,
    PointTransaction,
)
from points.ledger.policies import expires_at_for, expiry_for
from points.ledger.queries import Expiring, expiring
from points.ledger.services import capture, claw_back, grant, hold, release, reverse, settle_due, spend, transfer
from points.ledger.settling import open_account
from points.ledger.tests.making import DAY, NOON, SECOND, at, balance, give, lots, violations
from shop.core import clock, preferences
from shop.core.models import JobRun, PreferenceValue

pytestmark = pytest.mark.django_db
MIDNIGHT = at(2027, 1, 1, hour=0)


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert violations() == {}


@pytest.fixture
def grace():
    """Sets the days of grace."""

    def set_days(days):
        PreferenceValue.objects.update_or_create(key="points.grace_days", defaults={"value": days})
        preferences.forget_cached()

    return set_days


def use(member, points, *, now, reference="order:1"):
    return spend(reference=reference, member_id=member.pk, points=points, source="order", now=now)


def pin(member, points, *, now, reference="hold:1"):
    return hold(reference=reference, member_id=member.pk, points=points, now=now)


def kinds(member):
    return list(PointTransaction.objects.filter(member=member).order_by("pk").values_list("kind", flat=True))


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("expires_at", [MIDNIGHT, at(2028, 2, 29, hour=0), at(2028, 3, 1, hour=0)])
def test_points_live_until_the_last_second_and_not_longer(member, expires_at, swept):
    give(member, 100, expires_at=expires_at)
    last = expires_at - SECOND
    if swept:
        assert settle_due(now=last) == {"matured": 0, "expired": 0}
    use(member, 10, now=last)
    assert balance(member, now=last) == (90, 0, 0, 0)
    if swept:
        assert settle_due(now=expires_at) == {"matured": 0, "expired": 1}
    for now in (expires_at, expires_at + SECOND):
        assert balance(member, now=now) == (0, 0, 0, 0)
        with pytest.raises(InsufficientPoints) as refused:
            use(member, 1, now=now, reference="order:2")
        assert refused.value.data == {"available": 0, "wanted": 1}


def test_the_default_clears_at_midnight_of_the_year_end_in_shanghai(member):
    grant(reference="a", member_id=member.pk, points=5, source="order", now=MIDNIGHT - SECOND, matures_at=NOON)
    assert balance(member, now=MIDNIGHT - SECOND) == (5, 0, 0, 0)
    grant(reference="b", member_id=member.pk, points=7, source="order", now=MIDNIGHT, matures_at=NOON)
    assert balance(member, now=MIDNIGHT) == (7, 0, 0, 0)
    assert balance(member, now=at(2028, 1, 1, hour=0)) == (0, 0, 0, 0)


def test_a_late_sweeper_books_what_the_clock_has_decided(member):
    """Spending first what dies first: the late spend must not touch what was dead already."""
    give(member, 10, expires_at=NOON + DAY)
    give(member, 10, expires_at=NOON + 9 * DAY)
    assert balance(member, now=NOON + 2 * DAY) == (10, 0, 0, 0)
    use(member, 4, now=NOON + 2 * DAY)
    assert lots(member) == [(10, 0, 0), (10, 6, 0)]
    assert kinds(member) == ["grant", "grant", "expire", "spend"]
    assert settle_due(now=NOON + 2 * DAY) == {"matured": 0, "expired": 0}


def test_what_matured_in_time_repays_a_debt_though_the_sweeper_came_after_its_expiry(member):
    give(member, 50, reference="grant")
    use(member, 50, now=NOON)
    claw_back(of="grant", reference="back", points=50, now=NOON)
    give(member, 30, matures_at=NOON + DAY, expires_at=NOON + 2 * DAY)
    give(member, 30, matures_at=NOON + 3 * DAY, expires_at=NOON + 9 * DAY)
    late = NOON + 4 * DAY
    assert balance(member, now=late) == (10, 0, 0, 0)
    settle_due(now=late)
    assert lots(member) == [(50, 0, 0), (30, 0, 0), (30, 10, 0)]
    assert balance(member, now=late) == (10, 0, 0, 0)


def test_pending_points_expire_too_and_never_become_available(member):
    give(member, 10, matures_at=NOON + 5 * DAY, expires_at=NOON + DAY)
    give(member, 20, matures_at=None, expires_at=NOON + DAY)
    assert balance(member, now=NOON + DAY - SECOND) == (0, 30, 0, 0)
    assert balance(member, now=NOON + 6 * DAY) == (0, 0, 0, 0)
    settle_due(now=NOON + 6 * DAY)
    assert kinds(member) == ["grant", "grant", "expire"]


def test_a_hold_pins_its_points_past_their_expiry(member):
    give(member, 100, expires_at=MIDNIGHT)
    pin(member, 60, now=MIDNIGHT - SECOND)
    settle_due(now=MIDNIGHT)
    assert balance(member, now=MIDNIGHT) == (0, 0, 60, 0)
    capture(hold_reference="hold:1", reference="order:1", now=MIDNIGHT + 3 * DAY)
    assert (balance(member, now=MIDNIGHT + 3 * DAY), lots(member)) == ((0, 0, 0, 0), [(100, 0, 0)])


def test_released_after_their_expiry_they_expire(member):
    give(member, 100, expires_at=MIDNIGHT)
    pin(member, 60, now=MIDNIGHT - SECOND)
    released = release(hold_reference="hold:1", reference="released", now=MIDNIGHT)
    assert balance(member, now=MIDNIGHT) == (0, 0, 0, 0)
    assert dict(released.entries.values_list("bucket", "amount")) == {"held": -60, "expired": 60}


def test_released_a_second_before_they_live_that_second(member):
    give(member, 100, expires_at=MIDNIGHT)
    pin(member, 60, now=NOON)
    release(hold_reference="hold:1", reference="released", now=MIDNIGHT - SECOND)
    assert balance(member, now=MIDNIGHT - SECOND) == (100, 0, 0, 0)
    assert balance(member, now=MIDNIGHT) == (0, 0, 0, 0)


def test_given_back_after_their_expiry_they_expire(member):
    give(member, 10, expires_at=MIDNIGHT)
    give(member, 10, expires_at=None)
    use(member, 20, now=NOON)
    reverse(of="order:1", reference="refund", points=20, now=MIDNIGHT)
    assert (balance(member, now=MIDNIGHT), lots(member)) == ((10, 0, 0, 0), [(10, 0, 0), (10, 10, 0)])


def test_grace_gives_them_some_days_once(member, grace):
    grace(30)
    give(member, 100, expires_at=MIDNIGHT)
    use(member, 100, now=NOON)
    back = MIDNIGHT + DAY
    until = at(2027, 2, 2, hour=0)
    reverse(of="order:1", reference="refund:1", points=40, now=back)
    assert balance(member, now=until - SECOND) == (40, 0, 0, 0)
    assert balance(member, now=until) == (0, 0, 0, 0)
    child = PointLot.objects.get(parent__isnull=False)
    assert (child.root_id, child.parent_id, child.expires_at) == (child.parent_id, child.parent_id, until)
    # Some days later the same line has no more than what is left of its grace.
    reverse(of="order:1", reference="refund:2", points=30, now=back + 10 * DAY)
    assert balance(member, now=until - SECOND) == (70, 0, 0, 0)
    reverse(of="order:1", reference="refund:3", points=30, now=until)
    assert balance(member, now=until) == (0, 0, 0, 0)
    assert PointGrace.objects.count() == 1


def test_spent_in_their_grace_and_given_back_after_it_they_have_no_second_one(member, other, grace):
    grace(30)
    give(member, 100, expires_at=MIDNIGHT)
    pin(member, 100, now=NOON)
    release(hold_reference="hold:1", reference="released", now=MIDNIGHT)
    use(member, 60, now=MIDNIGHT + DAY)
    pin(member, 40, now=MIDNIGHT + DAY, reference="hold:2")
    transfer(hold_reference="hold:2", reference="gift", to_member_id=other.pk, now=MIDNIGHT + DAY)
    use(other, 40, now=MIDNIGHT + DAY, reference="order:2")
    late = MIDNIGHT + 40 * DAY
    reverse(of="order:1", reference="refund:1", points=60, now=late)
    reverse(of="order:2", reference="refund:2", points=40, now=late)
    assert (balance(member, now=late), balance(other, now=late)) == ((0, 0, 0, 0), (0, 0, 0, 0))


def test_a_gift_taken_up_after_its_expiry_arrives_dead(member, other):
    give(member, 40, expires_at=MIDNIGHT)
    pin(member, 40, now=NOON)
    transfer(hold_reference="hold:1", reference="gift", to_member_id=other.pk, now=MIDNIGHT)
    assert (balance(member, now=MIDNIGHT), balance(other, now=MIDNIGHT)) == ((0, 0, 0, 0), (0, 0, 0, 0))


@pytest.fixture
def idle():
    policy = ExpiryPolicy.objects.create(name="半年不活跃")
    ExpiryVersion.objects.create(policy=policy, kind="inactivity", months=6, actor="test", created_at=NOON)
    return policy


def test_points_that_expire_by_inactivity_live_on_with_each_earning_and_spending(member, idle):
    grant(reference="a", member_id=member.pk, points=100, source="x", now=NOON, matures_at=NOON, policy_id=idle.pk)
    first = at(2026, 9, 11, hour=0)
    assert balance(member, now=first - SECOND) == (100, 0, 0, 0)
    assert balance(member, now=first) == (0, 0, 0, 0)
    use(member, 10, now=at(2026, 8, 31))
    second = at(2027, 3, 1, hour=0)
    assert balance(member, now=second - SECOND) == (90, 0, 0, 0)
    assert balance(member, now=second) == (0, 0, 0, 0)
    give(member, 5, now=at(2026, 10, 1), expires_at=None)
    third = at(2027, 4, 2, hour=0)
    assert balance(member, now=third - SECOND) == (95, 0, 0, 0)
    settle_due(now=second)
    assert balance(member, now=third) == (5, 0, 0, 0)


def test_activity_does_not_wake_what_has_expired(member, idle):
    grant(reference="a", member_id=member.pk, points=100, source="x", now=NOON, matures_at=NOON, policy_id=idle.pk)
    late = at(2026, 9, 11)
    give(member, 5, now=late, expires_at=None)
    assert balance(member, now=late) == (5, 0, 0, 0)


def test_new_versions_touch_new_points_only(member):
    policy = ExpiryPolicy.objects.create(name="双十一")
    ExpiryVersion.objects.create(policy=policy, kind="rolling", months=1, actor="test", created_at=NOON)
    grant(reference="a", member_id=member.pk, points=1, source="x", now=NOON, matures_at=NOON, policy_id=policy.pk)
    ExpiryVersion.objects.create(policy=policy, kind="never", actor="test", created_at=NOON)
    grant(reference="b", member_id=member.pk, points=2, source="x", now=NOON, matures_at=NOON, policy_id=policy.pk)
    assert expiring(member_id=member.pk, now=NOON) == [Expiring(1, at(2026, 5, 1, hour=0))]
    assert balance(member, now=at(2030, 1, 1)) == (2, 0, 0, 0)


def test_a_fixed_date_that_has_passed_gives_way_to_the_default():
    policy = ExpiryPolicy.objects.create(name="春节")
    ExpiryVersion.objects.create(policy=policy, kind="fixed", last_day="2026-02-28", actor="test", created_at=NOON)
    assert expires_at_for(policy.pk, granted_at=at(2026, 2, 28, hour=23)) == at(2026, 3, 1, hour=0)
    assert expires_at_for(policy.pk, granted_at=at(2026, 3, 1, hour=0)) == MIDNIGHT
    assert expires_at_for(granted_at=NOON) == MIDNIGHT
    with pytest.raises(ExpiryPolicyInvalid):
        expiry_for(0, granted_at=NOON)


def test_the_sweep_goes_in_batches_and_is_told_by_the_job(member, other):
    for each in (member, other):
        give(each, 10, expires_at=NOON + DAY)
        give(each, 10, matures_at=NOON + DAY)
    assert settle_due(now=NOON + DAY - SECOND) == {"matured": 0, "expired": 0}
    assert settle_due(now=NOON + DAY, batch_size=1, batches=1) == {"matured": 1, "expired": 1}
    with clock.fixed(NOON + DAY):
        settle_accounts()
    assert JobRun.objects.get(job="points.settle_due").effect == {"matured": 1, "expired": 1}
    assert set(PointAccount.objects.values_list("available", "due_at")) == {(10, None)}


def test_a_sweep_costs_the_same_for_many(member, other, django_assert_num_queries):
    for each in (member, other):
        for number in range(1, 6):
            give(each, 10, expires_at=NOON + number * DAY, matures_at=NOON + DAY)
    with django_assert_num_queries(10):  # a batch, then one that finds nobody
        settle_due(now=NOON + 9 * DAY)


def test_entries_and_transactions_are_never_changed(member):
    give(member, 10)
    for wrong in (
        "UPDATE ledger_pointentry SET amount = amount + 1",
        "UPDATE ledger_pointtransaction SET points = 11",
        "DELETE FROM ledger_pointentry",
        "DELETE FROM ledger_pointtransaction",
        "DELETE FROM ledger_pointlot",
    ):
        with pytest.raises(InternalError, match="append_only|never_deleted"):
            run(wrong)


def run(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_entries_that_do_not_sum_to_zero_are_refused_at_once_and_transactions_without_any_at_the_end(member):
    give(member, 10)
    with pytest.raises(IntegrityError, match="do not sum to zero"):
        run("""
            INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
            SELECT transaction_id, lot_id, 'available', 1 FROM ledger_pointentry LIMIT 1
        """)
    empty = """
        INSERT INTO ledger_pointtransaction (reference, member_id, kind, source, points, note, actor, at)
        SELECT 'empty', member_id, kind, source, points, '', '', at FROM ledger_pointtransaction
    """
    with pytest.raises(IntegrityError, match="does not sum to zero"):
        run(f"{empty}; SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_knows_that_nothing_is_negative_and_debtors_have_nothing(member):
    give(member, 10)
    for wrong in ({"available": -1}, {"held": -1}, {"debt": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PointAccount.objects.update(**wrong)
    for wrong in ({"remaining": 11}, {"held": 11}, {"remaining": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PointLot.objects.update(**wrong)
    assert open_account(member_id=member.pk, now=NOON).available == 10
