"""Limits hold when everybody earns at once, and an event that comes twice at once earns once."""

from threading import Barrier

import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from points.ledger.queries import balance_of
from points.rules.counters import read_counters
from points.rules.models import Earning, RuleCounter
from points.rules.services import earn, earning, pause_rule
from points.rules.spec import Fixed, Limit, Period, Scope
from points.rules.tests.making import SATURDAY, bought, line, spec
from points.rules.tests.publishing import STAFF, first_rule, publish
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 6


def earning_of(member, number):
    def run():
        with transaction.atomic():
            event = bought(line(100), member_id=member.pk, reference=f"order:{number}")
            return earn(event=event, now=SATURDAY).points

    return run


@pytest.mark.parametrize("scope", [Scope.MEMBER, Scope.EVERYBODY])
@pytest.mark.parametrize(("guarded", "given"), [(True, 50), (False, CROWD * 20)])
def test_a_limit_holds_when_everybody_earns_at_once(monkeypatch, scope, guarded, given):
    pause_rule(rule_id=first_rule().pk, actor=STAFF, now=SATURDAY)
    version = publish(spec(Fixed(20), limits=(Limit(scope, Period.DAY, 50),)))
    one, meet = MemberFactory(), Barrier(CROWD)
    members = [one if scope == Scope.MEMBER else MemberFactory() for _ in range(CROWD)]
    counted_for = one.pk if scope == Scope.MEMBER else None
    RuleCounter.objects.create(rule_id=version.rule_id, member_id=counted_for, period="2026-03-28")

    def unlocked(keys):
        found = read_counters(keys)
        meet.wait(30)
        return found

    if not guarded:
        monkeypatch.setattr(earning, "lock_counters", unlocked)
    points = run_together(*(earning_of(member, number) for number, member in enumerate(members)))
    assert sum(points) == given
    assert RuleCounter.objects.get().points == given


def test_an_event_that_comes_twice_at_once_earns_once(member):
    publish(spec(Fixed(20), limits=(Limit(Scope.MEMBER, Period.DAY, 50),)))
    assert run_together(*[earning_of(member, 1)] * CROWD) == [21] * CROWD
    assert Earning.objects.count() == 1
    assert balance_of(member_id=member.pk, now=SATURDAY).pending == 21
    assert RuleCounter.objects.get().times == 1
