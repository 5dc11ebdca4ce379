"""Earning in the database: once, within limits, at the tier of the moment, and back again."""

from datetime import date, timedelta

import pytest
from django.db import InternalError, transaction

from members.identity.tests.factories import MemberFactory
from members.segments.models import Segment, SegmentMembership
from members.tiers.models import Tier
from members.tiers.services import earn_growth
from points.ledger.models import ExpiryPolicy, PointTransaction
from points.ledger.queries import balance_of
from points.ledger.services import spend
from points.rules.earners import earner_holding
from points.rules.errors import EarningReferenceUsed, GroupDisagrees, NothingNew, RuleLive, RuleNotLive, RuleOver
from points.rules.explaining import explain
from points.rules.invariants import LAWS
from points.rules.live import live_rules
from points.rules.member_data import move
from points.rules.models import Earning, EarningRule, RuleCounter, RuleSetVersion, RuleVersion
from points.rules.queries import preview_earning
from points.rules.services import earn, mature, pause_rule, publish_rule, resume_rule, take_back
from points.rules.spec import Combine, FirstOrder, Fixed, Goods, Limit, Period, Scope, Segments, Unit
from points.rules.tests.making import SATURDAY, at, bought, double, line, spec
from points.rules.tests.publishing import STAFF, drafted, first_rule, publish
from shop.catalog.models import Category
from shop.catalog.tests.factories import CategoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert [law() for law in LAWS] == [[], [], [], []]


def act(action, **given):
    with transaction.atomic():
        return action(**given)


def buys(member, *lines, reference="order:1", when=SATURDAY, **fields):
    return act(earn, event=bought(*lines, member_id=member.pk, reference=reference, when=when, **fields), now=when)


def points_of(member, now=SATURDAY):
    found = balance_of(member_id=member.pk, now=now)
    return found.available, found.pending, found.debt


def refund(reference, *left_fen, of="order:1", now=SATURDAY):
    return act(take_back, of=of, reference=reference, left_fen=left_fen, now=now)


def test_an_order_earns_pending_points_once_and_tells_why(member):
    earning = buys(member, line(12_345))
    assert (earning.points, points_of(member)) == (123, (0, 123, 0))
    again = buys(member, line(12_345))
    assert (again.pk, points_of(member), Earning.objects.count()) == (earning.pk, (0, 123, 0), 1)
    told = PointTransaction.objects.get(reference="order:1")
    assert (told.source, told.rule_version_id) == ("order", first_rule().live_id)
    assert [(reason.code, reason.points) for reason in explain(told.trace)] == [("per_amount", 123)]


def test_the_same_reference_does_not_earn_for_something_else(member):
    buys(member, line(12_345))
    with pytest.raises(EarningReferenceUsed):
        buys(member, line(99_999))
    assert points_of(member) == (0, 123, 0)


def test_points_mature_when_told_and_not_before(member):
    buys(member, line(10_000))
    ripe = SATURDAY + timedelta(days=7)
    act(mature, reference="order:1", matures_at=ripe, now=SATURDAY)
    assert points_of(member, ripe - timedelta(seconds=1)) == (0, 100, 0)
    assert points_of(member, ripe) == (100, 0, 0)
    act(mature, reference="order:unknown", matures_at=ripe, now=SATURDAY)


def test_an_order_that_lifts_a_member_earns_at_the_tier_of_its_payment(member):
    with transaction.atomic():
        earn_growth(reference="g", member_id=member.pk, growth=5000, kind="spend", earned_at=SATURDAY, now=SATURDAY)
    before = buys(member, line(10_000), reference="order:1", when=SATURDAY - timedelta(seconds=1))
    after = buys(member, line(10_000), reference="order:2", when=SATURDAY)
    assert (before.points, after.points) == (100, 125)


def test_refunds_in_parts_take_back_what_a_whole_one_would(member):
    buys(member, line(10_000))
    assert [refund("r1", 6_667), refund("r2", 3_333), refund("r3", 0)] == [34, 33, 33]
    assert points_of(member) == (0, 0, 0)
    assert refund("r4", 5_000) == 0


def test_a_refund_told_twice_or_too_late_takes_nothing_more(member):
    buys(member, line(10_000))
    assert (refund("r1", 4_000), refund("r1", 4_000), refund("r0", 6_000)) == (60, 0, 0)
    assert points_of(member) == (0, 40, 0)


def test_spent_points_become_a_debt_that_the_next_order_repays(member):
    buys(member, line(10_000))
    act(mature, reference="order:1", matures_at=SATURDAY, now=SATURDAY)
    act(spend, reference="s", member_id=member.pk, points=90, source="order", now=SATURDAY, note="")
    refund("r1", 0)
    assert points_of(member) == (0, 0, 90)
    buys(member, line(20_000), reference="order:2")
    act(mature, reference="order:2", matures_at=SATURDAY, now=SATURDAY)
    assert points_of(member) == (110, 0, 0)


def test_nothing_earned_is_told_too(member):
    category = CategoryFactory()
    pause_rule(rule_id=first_rule().pk, actor=STAFF, now=SATURDAY)
    publish(spec(conditions=(Goods(category_ids=(category.pk,)),)))
    earning = buys(member, line(10_000, "zzzz"))
    assert (earning.points, earning.parts, points_of(member)) == (0, {}, (0, 0, 0))
    assert [reason.code for reason in explain(earning.trace)] == ["no_such_goods"]
    assert refund("r1", 0) == 0


def test_a_category_moved_under_another_is_found_there_at_once(member):
    tea, green = CategoryFactory(), CategoryFactory()
    publish(double(conditions=(Goods(category_ids=(tea.pk,)),)))
    assert buys(member, line(10_000, green.path)).points == 100
    Category.objects.move(green, tea, pos="last-child")
    green.refresh_from_db()
    assert buys(member, line(10_000, green.path), reference="order:2").points == 200


def test_limits_hold_from_order_to_order_and_start_anew_the_next_day(member):
    publish(double(limits=(Limit(Scope.MEMBER, Period.DAY, 500),)))
    given = [buys(member, line(30_000), reference=f"order:{n}").points for n in range(3)]
    assert given == [600, 500, 300]
    assert buys(member, line(30_000), reference="order:9", when=SATURDAY + timedelta(days=1)).points == 600
    assert sorted(RuleCounter.objects.values_list("period", "points", "times")) == [
        ("2026-03-28", 500, 2),
        ("2026-03-29", 300, 1),
    ]


def test_a_limit_for_everybody_is_shared_and_times_count_events(member):
    publish(spec(Fixed(50), limits=(Limit(Scope.EVERYBODY, Period.CAMPAIGN, 2, Unit.TIMES),)))
    pause_rule(rule_id=first_rule().pk, actor=STAFF, now=SATURDAY)
    members = [member, MemberFactory(), MemberFactory()]
    given = [buys(each, line(100), reference=f"order:{each.pk}").points for each in members]
    assert given == [50, 50, 0]


def test_segments_and_the_first_order_are_known(member):
    vip = Segment.objects.create(code="vip", name="VIP")
    SegmentMembership.objects.create(segment=vip, member=member, since=SATURDAY, seen_at=SATURDAY)
    publish(spec(Fixed(7), conditions=(Segments((vip.pk,)),)))
    publish(spec(Fixed(1_000), conditions=(FirstOrder(),)))
    before = SATURDAY - timedelta(seconds=1)
    assert buys(member, line(100), when=before, is_first_order=True).points == 1_001
    assert buys(member, line(100), reference="order:2").points == 8


def test_different_expiries_are_different_grants_which_refunds_share(member):
    policy = ExpiryPolicy.objects.exclude(is_default=True).first() or ExpiryPolicy.objects.get()
    publish(double(expiry_policy_id=policy.pk))
    earning = buys(member, line(9_900))
    assert earning.parts == {"order:1": [99], "order:1#2": [99]}
    assert refund("r1", 3_300) == 66 + 66
    assert refund("r2", 0) == 33 + 33
    assert points_of(member) == (0, 0, 0)


def test_a_quote_promises_what_the_order_earns_and_writes_nothing(member, django_assert_num_queries):
    publish(double(limits=(Limit(Scope.MEMBER, Period.DAY, 150),)))
    buys(member, line(10_000))
    held = Tier.objects.get(requirements__threshold=0)
    earner = earner_holding(member_id=member.pk, tier_id=held.pk, segment_ids=frozenset())
    preview_earning(earner=earner, lines=[line(10_000)], channel="", now=SATURDAY)
    with django_assert_num_queries(1):
        promised = preview_earning(earner=earner, lines=[line(10_000)] * 30, channel="", now=SATURDAY)
    assert promised == 3_050
    assert Earning.objects.count() == 1
    assert buys(member, *[line(10_000)] * 30, reference="order:2").points == 3_050


def test_a_quote_asks_for_earlier_orders_only_where_a_rule_does(member):
    held = Tier.objects.get(requirements__threshold=0)
    earner, asked = earner_holding(member_id=member.pk, tier_id=held.pk, segment_ids=frozenset()), []

    def first() -> bool:
        asked.append(True)
        return True

    def preview() -> int:
        return preview_earning(earner=earner, lines=[line(10_000)], channel="", now=SATURDAY, is_first_order=first)

    assert (preview(), asked) == (100, [])
    publish(spec(Fixed(1_000), conditions=(FirstOrder(),)))
    assert (preview(), asked) == (1_100, [True])


def test_merged_accounts_share_their_limits(member):
    publish(double(limits=(Limit(Scope.MEMBER, Period.DAY, 150),)))
    other = MemberFactory()
    buys(member, line(10_000))
    buys(other, line(10_000), reference="order:2")
    act(move, source_id=other.pk, target_id=member.pk, now=SATURDAY)
    assert list(RuleCounter.objects.values_list("member_id", "points", "times")) == [(member.pk, 200, 2)]
    assert set(Earning.objects.values_list("member_id", flat=True)) == {member.pk}


def versions():
    return RuleSetVersion.objects.count(), [rule.rule_id for rule in live_rules().rules]


def test_a_draft_acts_when_it_is_published_and_earlier_versions_stay(member):
    rule = drafted(spec(Fixed(10)))
    assert buys(member, line(100)).points == 1
    first = publish_rule(rule_id=rule.pk, actor=STAFF, now=SATURDAY)
    assert buys(member, line(100), reference="order:2").points == 11
    EarningRule.objects.filter(pk=rule.pk).update(draft=spec(Fixed(20)).stored())
    assert buys(member, line(100), reference="order:3").points == 11
    second = publish_rule(rule_id=rule.pk, actor=STAFF, now=SATURDAY)
    assert buys(member, line(100), reference="order:4").points == 21
    assert (first.number, second.number) == (1, 2)
    sets = [earning.rule_set_id for earning in Earning.objects.order_by("pk")]
    assert len(set(sets)) == 3
    assert sets[1] == sets[2]
    with pytest.raises(InternalError), transaction.atomic():
        RuleVersion.objects.filter(pk=first.pk).update(name="x")


def test_a_rule_pauses_and_goes_on(member):
    version = publish(spec(Fixed(10)))
    pause_rule(rule_id=version.rule_id, actor=STAFF, now=SATURDAY)
    assert buys(member, line(100)).points == 1
    with pytest.raises(RuleNotLive):
        pause_rule(rule_id=version.rule_id, actor=STAFF, now=SATURDAY)
    resume_rule(rule_id=version.rule_id, actor=STAFF, now=SATURDAY)
    assert buys(member, line(100), reference="order:2").points == 11
    with pytest.raises(RuleLive):
        resume_rule(rule_id=version.rule_id, actor=STAFF, now=SATURDAY)


def test_what_cannot_act_is_not_published():
    publish(spec(Fixed(1), group="festival", combine=Combine.BEST), name="多者")
    before = versions()
    unchanged = first_rule()
    refused = [
        (unchanged, NothingNew),
        (drafted(spec(last_day=date(2026, 3, 27))), RuleOver),
        (drafted(spec(Fixed(2), group="festival", combine=Combine.FIRST)), GroupDisagrees),
    ]
    for rule, refusal in refused:
        with pytest.raises(refusal):
            publish_rule(rule_id=rule.pk, actor=STAFF, now=at(2026, 3, 28))
    never = drafted(spec())
    with pytest.raises(RuleNotLive):
        resume_rule(rule_id=never.pk, actor=STAFF, now=SATURDAY)
    assert versions() == before
