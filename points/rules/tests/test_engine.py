"""What rules give, worked out by hand."""

from datetime import date
from itertools import permutations

import pytest

from points.rules.counting import CounterKey, Used
from points.rules.engine import LiveRule, Part, RuleSet, bounded, by_priority, counter_keys, evaluate
from points.rules.events import EarningEvent
from points.rules.spec import (
    ByStreak,
    ByTier,
    Channels,
    Combine,
    Days,
    FirstOrder,
    Fixed,
    Goods,
    Limit,
    MinimumSpend,
    Multiplier,
    PerAmount,
    Period,
    RuleSpec,
    Scope,
    Segments,
    Tiers,
    Unit,
    Weekdays,
)
from points.rules.tests.making import (
    CUPS,
    CUPS_ID,
    GREEN_TEA,
    TEA_ID,
    at,
    bought,
    double,
    line,
    rule_set,
    somebody,
    spec,
    told,
)


def limit(amount, period=Period.DAY, scope=Scope.MEMBER, unit=Unit.POINTS):
    return Limit(scope, period, amount, unit)


def test_a_point_per_yuan_is_cut_off_once_for_all_goods_together():
    # 12.60 + 9.60 = 22.20 yuan; cut off line by line it would be 21.
    assert told(bought(line(1260), line(960)), somebody(), rule_set(spec())) == (22, [(1, "per_amount", 22)])


def test_rates_are_proportional():
    assert told(bought(line(1999)), somebody(), rule_set(spec(PerAmount(3, 1000))))[0] == 5


def test_the_tier_multiplies_what_it_may_as_a_step_of_its_own():
    rules = rule_set(spec(tier_multiplier=True), spec(Fixed(40)))
    # A quarter of 103.99 is 25 more; the 40 are left alone.
    assert told(bought(line(10_399)), somebody("gold", 12_500), rules) == (
        168,
        [(1, "per_amount", 103), (2, "fixed", 40), (1, "tier", 25)],
    )


def test_a_tier_that_earns_less_takes_off_no_more_than_its_share():
    # Half of 101.00 is 50.5, which is 50 points.
    assert told(bought(line(10_100)), somebody("probation", 5_000), rule_set(spec(tier_multiplier=True)))[0] == 50


def test_doubling_a_category_acts_on_its_goods_and_on_those_below_it():
    rules = rule_set(spec(), double(conditions=(Goods(category_ids=(TEA_ID,)),)))
    points, steps = told(bought(line(10_000), line(5_000, GREEN_TEA), line(2_000, CUPS)), somebody(), rules)
    assert (points, steps) == (320, [(1, "per_amount", 170), (2, "multiplier", 150)])


def test_multipliers_and_tiers_act_on_the_base_and_not_on_each_other():
    rules = rule_set(spec(tier_multiplier=True), double(), spec(Multiplier(30_000)))
    assert told(bought(line(10_000)), somebody("gold", 12_500), rules)[1] == [
        (1, "per_amount", 100),
        (1, "tier", 25),
        (2, "multiplier", 100),
        (3, "multiplier", 200),
    ]


def test_a_multiplier_without_goods_acts_on_fixed_points_too_one_with_goods_does_not():
    everything, tea = double(), double(conditions=(Goods(category_ids=(TEA_ID,)),))
    assert told(bought(line(1_000)), somebody(), rule_set(spec(Fixed(30)), everything))[0] == 60
    assert told(bought(line(1_000)), somebody(), rule_set(spec(Fixed(30)), tea)) == (
        30,
        [(1, "fixed", 30), (2, "nothing_to_multiply", 0)],
    )


def test_goods_may_be_excepted():
    rules = rule_set(spec(conditions=(Goods(category_ids=(CUPS_ID,), excluded=True),)))
    assert told(bought(line(10_000), line(5_000, CUPS)), somebody(), rules)[0] == 100
    assert told(bought(line(5_000, CUPS)), somebody(), rules) == (0, [(1, "no_such_goods", 0)])


def test_products_and_brands_are_named_beside_categories():
    rules = rule_set(spec(conditions=(Goods(product_ids=(5,), brand_ids=(8,)),)))
    lines = [line(1_000, product_id=5), line(2_000, product_id=6, brand_id=8), line(4_000, product_id=6)]
    assert told(bought(*lines), somebody(), rules)[0] == 30


def test_goods_for_which_no_money_is_paid_earn_nothing():
    rules = rule_set(spec(Fixed(50)))
    assert told(bought(line(0)), somebody(), rules) == (0, [(1, "nothing_paid", 0)])
    assert told(bought(line(0), line(1)), somebody(), rules) == (50, [(1, "fixed", 50)])


CONDITIONS = [
    (Weekdays((6,)), {}, {"when": at(2026, 3, 27)}, "not_this_weekday"),
    (Days(date(2026, 3, 1), date(2026, 3, 28)), {}, {"when": at(2026, 3, 29)}, "not_these_days"),
    (Tiers(("gold",)), {}, {}, "other_tier"),
    (Segments((4,)), {"segments": (4,)}, {}, "other_segment"),
    (Channels(("app",)), {}, {"channel": "app"}, "other_channel"),
    (FirstOrder(), {}, {"is_first_order": True}, "not_first_order"),
    (MinimumSpend(10_000), {}, {"net": 9_999}, "spent_too_little"),
]


@pytest.mark.parametrize(("condition", "earner", "event", "code"), CONDITIONS)
def test_each_condition_lets_pass_or_says_why_not(condition, earner, event, code):
    """Each row changes the one thing that its condition looks at, for better or worse."""
    fields = {"when": at(2026, 3, 28), "net": 10_000, "channel": "h5", "is_first_order": False}

    def outcome(event_fields, earner_fields):
        given = {**fields, **event_fields}
        asked = bought(line(given.pop("net")), **given)
        return told(asked, somebody(**earner_fields), rule_set(spec(conditions=(condition,))))

    changed = [outcome(event, earner), outcome({}, {"tier": "gold"} if isinstance(condition, Tiers) else {})]
    assert sorted(changed) == [(0, [(1, code, 0)]), (100, [(1, "per_amount", 100)])]


def test_days_and_validity_are_shanghai_days_with_both_ends():
    rules = rule_set(spec(first_day=date(2026, 3, 28), last_day=date(2026, 3, 31)))
    moments = [at(2026, 3, 27, 23, 59, 59), at(2026, 3, 28, 0), at(2026, 3, 31, 23, 59, 59), at(2026, 4, 1, 0)]
    assert [told(bought(line(100), when=each), somebody(), rules)[0] for each in moments] == [0, 1, 1, 0]


def test_limits_leave_what_is_left_and_say_so():
    rules = rule_set(spec(), double(limits=(limit(500), limit(10_000, Period.CAMPAIGN, Scope.EVERYBODY))))
    key = CounterKey(2, 7, "2026-03-28")
    counters = {key: Used(420, 1), CounterKey(2, None, "all"): Used(9_000, 40)}
    found = evaluate(bought(line(30_000)), somebody(), rules, counters)
    assert found.points == 300 + 80
    step = found.steps[1]
    assert (step.points, step.data["wanted"]) == (80, 300)
    assert step.data["limits"] == [{"scope": "member", "period": "day", "unit": "points", "amount": 500}]
    assert found.uses == {key: Used(80, 1), CounterKey(2, None, "all"): Used(80, 1)}
    used_up = evaluate(bought(line(30_000)), somebody(), rules, {key: Used(500, 2)})
    assert [(step.code, step.points) for step in used_up.steps] == [("per_amount", 300), ("limit_reached", 0)]
    assert used_up.uses == {}


def test_a_limit_per_order_needs_no_counter_and_times_count_events():
    once_a_week = spec(Fixed(10), limits=(limit(50, Period.ORDER), limit(1, Period.WEEK, unit=Unit.TIMES)))
    rules, event = rule_set(spec(limits=(limit(50, Period.ORDER),)), once_a_week), bought(line(9_900))
    keys = counter_keys(event, bounded(event, somebody(), rules))
    assert keys == [CounterKey(2, 7, "2026-W13")]
    assert told(event, somebody(), rules)[0] == 60
    assert told(event, somebody(), rules, {keys[0]: Used(10, 1)})[0] == 50


def test_a_multiplier_acts_on_what_limits_have_left_of_the_base():
    rules = rule_set(spec(limits=(limit(60, Period.ORDER),)), double(conditions=(Goods(category_ids=(TEA_ID,)),)))
    # 100 points for tea and cups alike are cut to 60, of which tea has 45.
    assert told(bought(line(7_500), line(2_500, CUPS)), somebody(), rules)[0] == 105


def grouped(combine, *points, group="festival"):
    return [spec(Fixed(each), group=group, combine=combine, priority=-n) for n, each in enumerate(points)]


@pytest.mark.parametrize(("combine", "points"), [("stack", 90), ("best", 60), ("first", 10)])
def test_rules_of_a_group_get_on_as_told(combine, points):
    rules = rule_set(*grouped(Combine(combine), 10, 60, 20))
    assert told(bought(line(100)), somebody(), rules)[0] == points


def test_an_exclusive_rule_stands_alone_among_its_kind():
    exclusive = spec(Fixed(70), combine=Combine.EXCLUSIVE, priority=-5)
    points, steps = told(bought(line(10_000)), somebody(), rule_set(spec(), exclusive, double()))
    assert (points, steps) == (140, [(2, "fixed", 70), (3, "multiplier", 70), (1, "excluded", 0)])


def test_in_a_group_a_rule_whose_limit_is_reached_makes_room_for_the_next():
    first, second = grouped(Combine.FIRST, 50, 20)
    limited = RuleSpec(**{**{f: getattr(first, f) for f in first.__struct_fields__}, "limits": (limit(50),)})
    counters = {CounterKey(1, 7, "2026-03-28"): Used(50, 1)}
    assert told(bought(line(100)), somebody(), rule_set(limited, second), counters) == (
        20,
        [(2, "fixed", 20), (1, "limit_reached", 0)],
    )


def test_the_order_in_which_rules_are_given_changes_nothing():
    rules = rule_set(*grouped(Combine.BEST, 30, 30, 10), spec(), double())
    event = bought(line(12_345), line(678, CUPS))
    # 130 for what was paid, 30 of the best, and both once more.
    shuffled = [RuleSet(1, by_priority(each)) for each in permutations(rules.rules)]
    assert {told(event, somebody(), each)[0] for each in shuffled} == {320}


def test_tables_by_streak_and_by_tier():
    week = ByStreak(((1, 5), (3, 10), (7, 50)))
    given = [spec(week, event="check_in"), spec(ByTier((("gold", 30), ("silver", 20))), event="check_in")]

    def on_day(streak, tier="normal"):
        event = EarningEvent("check_in", "c", 7, at(2026, 3, 28), streak=streak)
        return told(event, somebody(tier), rule_set(*given))[0]

    assert [on_day(day) for day in (1, 2, 3, 6, 7, 8)] == [5, 5, 10, 10, 50, 50]
    assert on_day(1, "gold") == 35
    assert ByStreak(week.steps, repeats=True).points_for(8) == 5


def test_parts_follow_the_expiry_policies_of_the_rules():
    rules = rule_set(
        spec(tier_multiplier=True), double(expiry_policy_id=4), spec(Fixed(250), expiry_policy_id=4), spec(Fixed(1))
    )
    found = evaluate(bought(line(10_000)), somebody("gold", 12_500), rules, {})
    # Doubled are the 100, the 250 and the 1.
    assert found.parts == (Part(None, (126,), 10), Part(4, (601,), 20))
    assert found.points == 727


def by_line(event, rules, earner=None, counters=None):
    """Points of each line of the one part that there is."""
    (part,) = evaluate(event, earner or somebody(), rules, counters or {}).parts
    return part.by_line


TEA_AND_CUPS = bought(line(10_000), line(10_000, CUPS))


def tenfold(**fields):
    return spec(Multiplier(100_000), conditions=(Goods(category_ids=(TEA_ID,)),), **fields)


def test_each_line_is_told_what_it_has_earned():
    assert by_line(TEA_AND_CUPS, rule_set(spec(), tenfold())) == (1_000, 100)
    # A quarter of the base of each is for the tier, none of what multiplies.
    gold = somebody("gold", 12_500)
    assert by_line(TEA_AND_CUPS, rule_set(spec(tier_multiplier=True), tenfold()), gold) == (1_025, 125)
    # Of 900 more for tea, 300 are within the limit.
    assert by_line(TEA_AND_CUPS, rule_set(spec(), tenfold(limits=(limit(300),)))) == (400, 100)
    # The limit cuts tea and cups alike. Half of 151 is 75 and a half: the earlier line has the point.
    assert by_line(TEA_AND_CUPS, rule_set(spec(limits=(limit(151),)))) == (76, 75)
    # A tier that earns half: 50 of 101 for both together, tea has three quarters of the 10 100 fen.
    few = bought(line(7_575), line(2_525, CUPS))
    assert by_line(few, rule_set(spec(tier_multiplier=True)), somebody("probation", 5_000)) == (38, 12)


def test_what_the_event_earns_as_a_whole_is_shared_by_what_was_paid():
    few = bought(line(10_000), line(30_000, CUPS), line(0, CUPS))
    # 12.5 and 37.5 of 50; what cost nothing has none of it, for no refund would find it.
    assert by_line(few, rule_set(spec(Fixed(50)))) == (13, 37, 0)
    assert by_line(few, rule_set(spec(Fixed(50)), double())) == (25, 75, 0)
    assert by_line(few, rule_set(spec(Fixed(51), conditions=(Goods(category_ids=(CUPS_ID,)),)))) == (0, 51, 0)
    free = bought(line(0), line(30_000, CUPS))
    assert by_line(free, rule_set(spec(Fixed(50), conditions=(Goods(category_ids=(TEA_ID,)),)))) == (0, 50)
    check_in = EarningEvent("check_in", "c", 7, at(2026, 3, 28))
    assert by_line(check_in, rule_set(spec(Fixed(5), event="check_in"))) == (5,)


def test_parts_are_told_apart_by_line_each_for_itself():
    rules = rule_set(spec(), tenfold(expiry_policy_id=4), spec(Fixed(3), expiry_policy_id=4))
    found = evaluate(TEA_AND_CUPS, somebody(), rules, {})
    # Of the three, each line has one and a half: in all 901.5 and 1.5.
    assert found.parts == (Part(None, (100, 100), 10), Part(4, (902, 1), 20))


def test_a_draft_takes_the_place_of_its_rule():
    rules = rule_set(spec(), spec(Fixed(10)))
    draft = LiveRule(2, 0, "draft", spec(Fixed(99)))
    assert told(bought(line(100)), somebody(), rules.with_draft(draft))[0] == 100
    assert told(bought(line(100)), somebody(), rules.without(1))[0] == 10


def test_what_is_stored_reads_back_the_same():
    everything = spec(
        Multiplier(25_000),
        conditions=tuple(each for each, *_ in CONDITIONS) + (Goods(category_ids=(1,)),),
        limits=(limit(500), limit(3, Period.MONTH, Scope.EVERYBODY, Unit.TIMES)),
        last_day=date(2027, 3, 31),
        group="festival",
        combine=Combine.BEST,
    )
    assert RuleSpec.of(everything.stored()) == everything
