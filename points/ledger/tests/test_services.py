"""What services do to lots and balances, one at a time."""

import pytest
from django.db import transaction as django_transaction

from points.ledger.errors import (
    HoldEnded,
    InsufficientPoints,
    MoreThanGranted,
    MoreThanSpent,
    PointReferenceUsed,
    PointTransactionUnknown,
)
from points.ledger.models import PointEntry, PointTransaction
from points.ledger.queries import transaction_of
from points.ledger.services import (
    adjust,
    capture,
    claw_back,
    grant,
    hold,
    release,
    reverse,
    set_maturity,
    spend,
    transfer,
)
from points.ledger.services.sweeping import settle_batch
from points.ledger.tests.making import DAY, NOON, STAFF, at, balance, give, legs, lots, violations

pytestmark = pytest.mark.django_db
SOON, LATER = at(2026, 6, 30), at(2026, 12, 31)


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert violations() == {}


@pytest.fixture
def refuses():
    """Run something that is refused, and see that nothing was booked."""

    def run(refusal, action, **data):
        before = (PointTransaction.objects.count(), PointEntry.objects.count())
        with pytest.raises(refusal) as caught:
            action()
        assert (PointTransaction.objects.count(), PointEntry.objects.count()) == before
        assert {key: caught.value.data[key] for key in data} == data

    return run


def use(member, points, *, reference="order:1", now=NOON):
    return spend(reference=reference, member_id=member.pk, points=points, source="order", now=now)


def pin(member, points, *, reference="hold:1", now=NOON):
    return hold(reference=reference, member_id=member.pk, points=points, now=now)


def test_granted_points_can_be_spent(member):
    granted = give(member, 100)
    assert balance(member) == (100, 0, 0, 0)
    spent = use(member, 30)
    assert (balance(member), lots(member)) == ((70, 0, 0, 0), [(100, 70, 0)])
    assert (legs(granted), legs(spent)) == ([("available", 100), ("issued", -100)], [("available", -30), ("spent", 30)])
    assert (granted.points, spent.points) == (100, -30)


def test_more_than_there_is_is_refused(member, refuses):
    give(member, 100)
    refuses(InsufficientPoints, lambda: use(member, 101), available=100, wanted=101)
    refuses(InsufficientPoints, lambda: pin(member, 101), available=100, wanted=101)
    assert balance(member) == (100, 0, 0, 0)


def test_a_member_without_points_has_nothing_to_spend(member, refuses):
    refuses(InsufficientPoints, lambda: use(member, 1), available=0, wanted=1)
    assert balance(member) == (0, 0, 0, 0)


def test_soonest_expiring_first_never_expiring_last_and_ties_by_age(member):
    for expires_at in (None, LATER, SOON, SOON):
        give(member, 10, expires_at=expires_at)
    spent = use(member, 25)
    assert [remaining for _amount, remaining, _held in lots(member)] == [10, 5, 0, 0]
    assert list(spent.entries.filter(bucket="spent").order_by("pk").values_list("amount", flat=True)) == [10, 10, 5]


def test_many_small_lots_give_together(member):
    for _ in range(120):
        give(member, 1)
    use(member, 119)
    assert balance(member) == (1, 0, 0, 0)


def test_pending_points_wait_for_their_maturity(member, refuses):
    give(member, 50, reference="order:1:points", matures_at=None)
    assert balance(member) == (0, 50, 0, 0)
    refuses(InsufficientPoints, lambda: use(member, 1), available=0, wanted=1)
    set_maturity(reference="order:1:points", matures_at=NOON + 7 * DAY, now=NOON)
    set_maturity(reference="order:1:points", matures_at=NOON + 8 * DAY, now=NOON)
    assert balance(member, now=NOON + 7 * DAY) == (0, 50, 0, 0)
    assert balance(member, now=NOON + 8 * DAY) == (50, 0, 0, 0)
    use(member, 50, now=NOON + 8 * DAY)
    assert balance(member, now=NOON + 8 * DAY) == (0, 0, 0, 0)


def test_a_maturity_that_has_passed_is_booked_at_once_and_stays(member):
    give(member, 50, reference="order:1:points", matures_at=None)
    set_maturity(reference="order:1:points", matures_at=NOON, now=NOON)
    assert transaction_of(reference="order:1:points").points == 50
    set_maturity(reference="order:1:points", matures_at=NOON + DAY, now=NOON)
    assert balance(member) == (50, 0, 0, 0)
    assert set_maturity(reference="nothing", matures_at=NOON, now=NOON) is None


@pytest.mark.parametrize("ending", [capture, release])
def test_a_hold_ends_once(member, ending, refuses):
    give(member, 100)
    pin(member, 40)
    assert (balance(member), lots(member)) == ((60, 0, 40, 0), [(100, 100, 40)])
    ended = ending(hold_reference="hold:1", reference="end:1", now=NOON)
    assert balance(member) == ((60, 0, 0, 0) if ending is capture else (100, 0, 0, 0))
    assert ending(hold_reference="hold:1", reference="end:1", now=NOON).pk == ended.pk
    refuses(HoldEnded, lambda: capture(hold_reference="hold:1", reference="end:2", now=NOON))
    refuses(HoldEnded, lambda: release(hold_reference="hold:1", reference="end:3", now=NOON))
    refuses(PointTransactionUnknown, lambda: release(hold_reference="nothing", reference="end:4", now=NOON))


def test_points_come_back_to_their_lots_the_last_taken_first(member, refuses):
    for expires_at in (SOON, LATER, None):
        give(member, 10, expires_at=expires_at)
    use(member, 25)
    reverse(of="order:1", reference="refund:1", points=8, now=NOON)
    assert [remaining for _amount, remaining, _held in lots(member)] == [0, 3, 10]
    refuses(MoreThanSpent, lambda: reverse(of="order:1", reference="refund:2", points=18, now=NOON), left=17)
    reverse(of="order:1", reference="refund:2", points=17, now=NOON)
    assert [remaining for _amount, remaining, _held in lots(member)] == [10, 10, 10]
    refuses(MoreThanSpent, lambda: reverse(of="order:1", reference="refund:3", points=1, now=NOON), left=0)


def test_a_captured_hold_can_be_given_back_a_released_one_cannot(member, refuses):
    give(member, 100)
    pin(member, 40)
    capture(hold_reference="hold:1", reference="order:1", now=NOON)
    reverse(of="order:1", reference="refund:1", points=40, now=NOON)
    assert balance(member) == (100, 0, 0, 0)
    pin(member, 40, reference="hold:2")
    release(hold_reference="hold:2", reference="order:2", now=NOON)
    refuses(PointTransactionUnknown, lambda: reverse(of="order:2", reference="refund:2", points=1, now=NOON))


def test_points_are_taken_back_from_their_own_lot_then_from_others_then_as_debt(member, refuses):
    give(member, 30, expires_at=SOON)
    give(member, 100, reference="grant", expires_at=LATER)
    claw_back(of="grant", reference="back:1", points=40, now=NOON)
    assert lots(member) == [(30, 30, 0), (100, 60, 0)]
    use(member, 80)
    assert lots(member) == [(30, 0, 0), (100, 10, 0)]
    back = claw_back(of="grant", reference="back:2", points=60, now=NOON)
    assert (balance(member), back.trace) == ((0, 0, 0, 50), {"debt": 50})
    refuses(MoreThanGranted, lambda: claw_back(of="grant", reference="back:3", points=1, now=NOON), left=0)


def test_taking_back_reaches_other_lots(member):
    give(member, 30, expires_at=SOON)
    give(member, 10, reference="grant", expires_at=SOON - DAY)
    use(member, 10)
    claw_back(of="grant", reference="back", points=10, now=NOON)
    assert (lots(member), balance(member)) == ([(30, 20, 0), (10, 0, 0)], (20, 0, 0, 0))


def test_pending_points_are_taken_back_where_they_are(member):
    give(member, 50, reference="grant", matures_at=None)
    claw_back(of="grant", reference="back", points=20, now=NOON)
    assert balance(member) == (0, 30, 0, 0)


def owe(member, points):
    give(member, points, reference="lent", expires_at=LATER)
    use(member, points, reference="lent:spent")
    claw_back(of="lent", reference="lent:back", points=points, now=NOON)
    assert balance(member) == (0, 0, 0, points)


def test_a_debt_is_repaid_by_what_comes_next_and_the_trace_says_so(member):
    owe(member, 50)
    first = give(member, 20, trace={"rule": "x"})
    assert (balance(member), first.trace) == ((0, 0, 0, 30), {"rule": "x", "debt_repaid": 20})
    second = give(member, 100)
    assert (balance(member), second.trace) == ((70, 0, 0, 0), {"debt_repaid": 30})
    assert PointTransaction.objects.get(pk=second.pk).trace == {"debt_repaid": 30}


def test_pending_points_repay_a_debt_when_they_mature(member):
    owe(member, 50)
    give(member, 80, matures_at=NOON + DAY)
    assert balance(member) == (0, 80, 0, 50)
    assert balance(member, now=NOON + DAY) == (30, 0, 0, 0)
    use(member, 30, now=NOON + DAY)
    assert balance(member, now=NOON + DAY) == (0, 0, 0, 0)


def test_what_comes_back_repays_a_debt(member):
    give(member, 100, reference="grant")
    pin(member, 60)
    use(member, 40)
    claw_back(of="grant", reference="back", points=100, now=NOON)
    assert balance(member) == (0, 0, 60, 100)
    release(hold_reference="hold:1", reference="released", now=NOON)
    assert balance(member) == (0, 0, 0, 40)
    reverse(of="order:1", reference="refund", points=40, now=NOON)
    assert balance(member) == (0, 0, 0, 0)


def test_a_gift_keeps_its_expiry_and_remembers_where_it_came_from(member, other, refuses):
    give(member, 30, expires_at=SOON)
    give(member, 30, expires_at=LATER)
    pin(member, 40)
    left = transfer(hold_reference="hold:1", reference="gift", to_member_id=other.pk, now=NOON)
    assert (balance(member), balance(other)) == ((20, 0, 0, 0), (40, 0, 0, 0))
    givers = list(member.point_lots.order_by("pk"))
    received = list(other.point_lots.order_by("pk"))
    assert [(lot.remaining, lot.expires_at, lot.parent, lot.root) for lot in received] == [
        (30, SOON, givers[0], givers[0]),
        (10, LATER, givers[1], givers[1]),
    ]
    again = transfer(hold_reference="hold:1", reference="gift", to_member_id=other.pk, now=NOON)
    assert again.pk == left.pk
    refuses(HoldEnded, lambda: transfer(hold_reference="hold:1", reference="2", to_member_id=other.pk, now=NOON))


def test_a_gift_repays_the_debt_of_who_receives_it(member, other):
    owe(other, 25)
    give(member, 40)
    pin(member, 40)
    transfer(hold_reference="hold:1", reference="gift", to_member_id=other.pk, now=NOON)
    assert (balance(member), balance(other)) == ((0, 0, 0, 0), (15, 0, 0, 0))


def test_staff_give_and_take(member, refuses):
    given = adjust(reference="a:1", member_id=member.pk, points=50, actor=STAFF, note="赔礼", now=NOON)
    assert (given.actor, given.note) == ("staff:mei", "赔礼")
    adjust(reference="a:2", member_id=member.pk, points=-20, actor=STAFF, note="更正", now=NOON)
    assert balance(member) == (30, 0, 0, 0)
    refuses(
        InsufficientPoints,
        lambda: adjust(reference="a:3", member_id=member.pk, points=-31, actor=STAFF, note="", now=NOON),
        available=30,
        wanted=31,
    )


def every_operation(member, other):
    """Each operation of the ledger once, by name, ready to be repeated."""
    pk = member.pk
    yield "grant", lambda points: give(member, points, reference="g")
    yield "adjust", lambda points: adjust(reference="a", member_id=pk, points=points, actor=STAFF, note="", now=NOON)
    yield "spend", lambda points: use(member, points, reference="s")
    yield "reverse", lambda points: reverse(of="s", reference="r", points=points, now=NOON)
    yield "claw_back", lambda points: claw_back(of="g", reference="c", points=points, now=NOON)
    yield "hold", lambda points: pin(member, points, reference="h")
    yield "capture", lambda points: capture(hold_reference="h", reference="k", now=NOON)
    give(member, 10)
    pin(member, 10, reference="h2")
    yield "release", lambda points: release(hold_reference="h2", reference="l", now=NOON)
    pin(member, 10, reference="h3")
    yield (
        "transfer",
        lambda points: transfer(hold_reference="h3", reference="t", to_member_id=other.pk, now=NOON),
    )


def test_each_operation_happens_once_per_reference(member, other, refuses):
    for name, operation in every_operation(member, other):
        first = operation(10)
        before = (balance(member), balance(other), PointTransaction.objects.count())
        assert operation(10).pk == first.pk, name
        assert (balance(member), balance(other), PointTransaction.objects.count()) == before, name
        if name not in ("capture", "release", "transfer"):
            refuses(PointReferenceUsed, lambda again=operation: again(9))


def test_a_reference_serves_one_kind_of_operation(member, refuses):
    give(member, 10, reference="g")
    refuses(PointReferenceUsed, lambda: use(member, 10, reference="g"))
    assert balance(member) == (10, 0, 0, 0)


def test_a_spend_that_took_the_last_points_can_be_repeated(member):
    give(member, 10)
    first = use(member, 10)
    assert use(member, 10).pk == first.pk


def test_a_gift_is_not_repeated_to_somebody_else(member, other, refuses):
    give(member, 10)
    pin(member, 10)
    transfer(hold_reference="hold:1", reference="gift", to_member_id=other.pk, now=NOON)
    third = type(other).objects.create(nickname="third", invite_code="THIRD0000001", joined_at=NOON)
    refuses(
        PointReferenceUsed,
        lambda: transfer(hold_reference="hold:1", reference="gift", to_member_id=third.pk, now=NOON),
    )
    assert [balance(each)[0] for each in (member, other, third)] == [0, 10, 0]


@pytest.mark.parametrize("points", [0, -1])
def test_nothing_and_less_is_a_mistake_of_the_caller(member, points):
    for action in (
        lambda: grant(reference="x", member_id=member.pk, points=points, source="x", now=NOON, matures_at=NOON),
        lambda: use(member, points),
        lambda: pin(member, points),
        lambda: reverse(of="x", reference="y", points=points, now=NOON),
        lambda: claw_back(of="x", reference="y", points=points, now=NOON),
    ):
        with pytest.raises(ValueError):
            action()


def test_the_hot_paths_are_few_statements(member, django_assert_num_queries):
    """The account, its lots, one that writes and one that tells of it; a grant needs its expiry instead of lots, and
    nobody is told of points that are set aside.
    """
    give(member, 100)
    with django_assert_num_queries(4):
        use(member, 10)
    with django_assert_num_queries(3):
        pin(member, 10)
    with django_assert_num_queries(4):
        grant(reference="x", member_id=member.pk, points=1, source="check_in", now=NOON, matures_at=NOON)
    with django_assert_num_queries(1):
        assert balance(member) == (81, 0, 10, 0)


@pytest.mark.parametrize("way", ["reverse", "release"])
def test_points_that_come_back_to_their_lot_still_expire_when_it_does(member, refuses, way):
    """Also where the account looked ahead while the lot was empty: what is not due to it is never settled."""
    give(member, 40, expires_at=NOON + 20 * DAY)
    use(member, 40) if way == "reverse" else pin(member, 40)
    give(member, 5, expires_at=NOON + DAY)
    with django_transaction.atomic():
        settle_batch(now=NOON + 2 * DAY, size=10)
    back = NOON + 3 * DAY
    if way == "reverse":
        reverse(of="order:1", reference="refund:1", points=40, now=back)
    else:
        release(hold_reference="hold:1", reference="free:1", now=back)
    assert balance(member, now=back) == (40, 0, 0, 0)
    assert violations() == {}
    over = NOON + 20 * DAY
    assert balance(member, now=over) == (0, 0, 0, 0)
    with django_transaction.atomic():
        assert settle_batch(now=over, size=10) == (1, 0, 1)
    refuses(InsufficientPoints, lambda: use(member, 1, reference="order:2", now=over), available=0, wanted=1)
