"""R8: the ledger is exact. Thousands of random steps, each held against a reference of a few plain Python lines."""

from datetime import timedelta
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from members.identity.models import Member
from points.ledger.errors import HoldEnded, InsufficientPoints, MoreThanGranted, MoreThanSpent
from points.ledger.models import ExpiryPolicy, ExpiryVersion, PointLot
from points.ledger.queries import Balance, balances_of
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
from points.ledger.tests.making import DAY, NOON, SECOND, STAFF, violations
from points.ledger.tests.reference import Reference, Refused
from shop.core import preferences
from shop.core.models import PreferenceValue

STEPS, EXAMPLES = 90, 32
AT_LEAST = 5_000
REFUSALS = (InsufficientPoints, HoldEnded, MoreThanSpent, MoreThanGranted)
numbers = count(1)
who = st.integers(0, 2)
amounts = st.integers(1, 60)
spans = st.sampled_from([None, SECOND, timedelta(hours=7), DAY, 3 * DAY, 10 * DAY, 40 * DAY])


class Ledger(RuleBasedStateMachine):
    """Three members; grants, holds and spends are kept with their references and their twins in the reference."""

    steps = 0
    grants, holds, spends = Bundle("grants"), Bundle("holds"), Bundle("spends")

    @initialize(grace_days=st.sampled_from([0, 2, 30]))
    def begin(self, grace_days):
        # A world of its own: what fails can be told again, and the laws stay cheap whatever the planner believes.
        self.world = transaction.atomic()
        self.world.__enter__()
        PreferenceValue.objects.update_or_create(key="points.grace_days", defaults={"value": grace_days})
        preferences.forget_cached()
        members = Member.objects.bulk_create(
            Member(nickname="m", invite_code=f"{next(numbers):012}", joined_at=NOON) for _ in range(3)
        )
        self.members = [member.pk for member in members]
        self.now = NOON
        self.model = Reference(self.members, NOON, grace_days)
        self.repeat = None

    def reference(self) -> str:
        return f"r:{next(numbers)}"

    def both(self, real, twin):
        """Do it in both worlds: they agree on what is refused. Returns the transaction and the twin's answer."""
        self.model.advance(self.now)
        self.repeat = None
        try:
            expected = twin()
        except Refused:
            with pytest.raises(REFUSALS):
                real()
            return None, None
        booked = real()
        self.repeat = (booked, real)
        return booked, expected

    @rule(
        target=grants, member=who, points=amounts, matures=st.sampled_from([SECOND, 7 * DAY, None, "now"]), lives=spans
    )
    def earn(self, member, points, matures, lives):
        at = self.now if matures == "now" else matures and self.now + matures
        expires, reference, pk = lives and self.now + lives, self.reference(), self.members[member]
        _, earned = self.both(
            lambda now=self.now: grant(
                reference=reference,
                member_id=pk,
                points=points,
                source="order",
                now=now,
                matures_at=at,
                expires_at=expires,
            ),
            lambda: self.model.grant(pk, points, matures=at, expires=expires),
        )
        return reference, earned

    @rule(target=grants, member=who, points=amounts)
    def earn_until_idle(self, member, points):
        reference, pk = self.reference(), self.members[member]
        policy = ExpiryPolicy.objects.get(name="idle").pk
        _, earned = self.both(
            lambda now=self.now: grant(
                reference=reference,
                member_id=pk,
                points=points,
                source="task",
                now=now,
                matures_at=now,
                policy_id=policy,
            ),
            lambda: self.model.grant_until_idle(pk, points, months=1),
        )
        return reference, earned

    @rule(earned=grants, after=st.sampled_from([-DAY, timedelta(0), DAY]))
    def becomes_certain(self, earned, after):
        at = self.now + after
        self.both(
            lambda now=self.now: set_maturity(reference=earned[0], matures_at=at, now=now),
            lambda: self.model.set_maturity(earned[1], at),
        )

    @rule(target=spends, member=who, points=amounts)
    def buy(self, member, points):
        reference, pk = self.reference(), self.members[member]
        _, spent = self.both(
            lambda now=self.now: spend(reference=reference, member_id=pk, points=points, source="order", now=now),
            lambda: self.model.spend(pk, points),
        )
        return reference, spent

    @rule(target=holds, member=who, points=amounts)
    def set_aside(self, member, points):
        reference, pk = self.reference(), self.members[member]
        _, held = self.both(
            lambda now=self.now: hold(reference=reference, member_id=pk, points=points, now=now),
            lambda: self.model.hold(pk, points),
        )
        return reference, held

    @rule(target=spends, held=holds)
    def use_hold(self, held):
        reference = self.reference()
        if held[1] is None:
            return reference, None
        _, spent = self.both(
            lambda now=self.now: capture(hold_reference=held[0], reference=reference, now=now),
            lambda: self.model.capture(held[1]),
        )
        return reference, spent

    @rule(held=holds)
    def let_go(self, held):
        reference = self.reference()
        if held[1] is not None:
            self.both(
                lambda now=self.now: release(hold_reference=held[0], reference=reference, now=now),
                lambda: self.model.release(held[1]),
            )

    @rule(held=holds, member=who)
    def give_away(self, held, member):
        reference, to = self.reference(), self.members[member]
        if held[1] is not None and held[1].owner != to:
            self.both(
                lambda now=self.now: transfer(hold_reference=held[0], reference=reference, to_member_id=to, now=now),
                lambda: self.model.transfer(held[1], to),
            )

    @rule(spent=spends, points=amounts)
    def refund(self, spent, points):
        reference = self.reference()
        if spent[1] is not None:
            self.both(
                lambda now=self.now: reverse(of=spent[0], reference=reference, points=points, now=now),
                lambda: self.model.reverse(spent[1], points),
            )

    @rule(earned=grants, points=amounts)
    def take_back(self, earned, points):
        reference = self.reference()
        self.both(
            lambda now=self.now: claw_back(of=earned[0], reference=reference, points=points, now=now),
            lambda: self.model.claw_back(earned[1], points),
        )

    @rule(member=who, points=amounts, sign=st.sampled_from([1, -1]))
    def correct(self, member, points, sign):
        reference, pk = self.reference(), self.members[member]
        self.both(
            lambda now=self.now: adjust(
                reference=reference,
                member_id=pk,
                points=sign * points,
                actor=STAFF,
                note="",
                now=now,
                policy_id=self.never,
            ),
            lambda: self.model.give(pk, points) if sign > 0 else self.model.take_away(pk, points),
        )

    @property
    def never(self) -> int:
        return ExpiryPolicy.objects.get(name="never").pk

    @rule(span=st.sampled_from([SECOND, timedelta(hours=5), DAY, 8 * DAY, 35 * DAY]))
    def wait(self, span):
        self.now += span

    @rule(number=st.integers(0, 5), off=st.sampled_from([-SECOND, timedelta(0), SECOND]))
    def wait_for_an_edge(self, number, off):
        """To the second at which something matures or expires, or the one beside it."""
        edges = {edge for lot in self.model.lots if lot.left for edge in (lot.matures, lot.expires)} - {None}
        ahead = sorted(edge + off for edge in edges if edge + off > self.now)
        if ahead:
            self.now = ahead[min(number, len(ahead) - 1)]

    @rule()
    def sweep(self):
        settle_batch(now=self.now, size=100)

    @rule()
    def again(self):
        """What was just done is told once more."""
        if self.repeat is not None:
            booked, real = self.repeat
            assert real().pk == booked.pk

    @invariant()
    def balances_agree(self):
        Ledger.steps += 1
        self.model.advance(self.now)
        found = balances_of(member_ids=self.members, now=self.now)
        for pk in self.members:
            assert found.get(pk, Balance()) == Balance(*self.model.balance(pk))

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.ends_as_the_reference()
        finally:
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    def ends_as_the_reference(self):
        settle_batch(now=self.now, size=100)
        found = PointLot.objects.filter(member__in=self.members).order_by("pk")
        expected = [(lot.owner, lot.amount, lot.left, lot.held, lot.mature or not lot.left) for lot in self.model.lots]
        rows = found.values_list("member_id", "amount", "remaining", "held", "is_mature", "expires_at")
        assert [(*row[:4], row[4] or not row[2]) for row in rows] == expected
        assert [row[5] for row in rows if row[2]] == [lot.expires for lot in self.model.lots if lot.left]
        assert violations() == {}


@pytest.mark.django_db
def test_the_ledger_is_the_reference_step_by_step():
    for name, kind in (("idle", "inactivity"), ("never", "never")):
        policy = ExpiryPolicy.objects.create(name=name)
        ExpiryVersion.objects.create(policy=policy, kind=kind, months=1, actor="test", created_at=NOON)
    Ledger.steps = 0
    # An example may end before its last step, so that a fixed number of them may fall short.
    while Ledger.steps < AT_LEAST:
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert violations() == {}
    print(f"{Ledger.steps} steps")
