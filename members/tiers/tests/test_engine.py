"""The pure evaluation: boundaries worked out by hand, and laws over random ledgers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from members.tiers.engine import Growth, Manual, Standing, ask, evaluate, newcomer, set_by_hand
from members.tiers.tests.making import DIAMOND, GOLD, LADDER, NORMAL, SILVER, Ledger, live, rules

FROM = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("growth", "tier"), [(999, NORMAL), (1000, SILVER), (4999, SILVER), (5000, GOLD), (19999, GOLD), (20000, DIAMOND)]
)
def test_a_tier_is_reached_at_its_threshold_and_not_before(growth, tier):
    standing, _ = live(rules(), Ledger((FROM, growth)), None, FROM)
    assert standing.tier_id == tier


def test_a_rolling_window_holds_a_day_for_twelve_months():
    ledger = Ledger((date(2025, 3, 10), 600), (date(2026, 3, 9), 400))
    assert live(rules(), ledger, None, date(2026, 3, 9))[0].tier_id == SILVER
    late, _ = live(rules(), Ledger((date(2025, 3, 10), 600), (date(2026, 3, 10), 400)), None, date(2026, 3, 10))
    assert (late.tier_id, late.growth) == (NORMAL, 400)


def test_29_february_counts_until_28_february_and_a_tier_reached_on_it_too():
    standing, _ = live(rules(), Ledger((date(2024, 2, 29), 1000)), None, date(2024, 2, 29))
    assert standing.valid_until == date(2025, 3, 1)
    assert standing.due_on == date(2025, 3, 1)
    assert live(rules(), Ledger((date(2024, 2, 29), 1000)), standing, date(2025, 2, 28))[0].growth == 1000
    assert live(rules(), Ledger((date(2024, 2, 29), 1000)), standing, date(2025, 3, 1))[0].growth == 0


def test_the_calendar_year_begins_at_nothing_and_the_tier_holds_through_the_next():
    yearly = rules(window="calendar_year", grace_days=0)
    ledger = Ledger((date(2025, 12, 31), 5000))
    gold, _ = live(yearly, ledger, None, date(2025, 12, 31))
    assert (gold.tier_id, gold.growth, gold.valid_until) == (GOLD, 5000, date(2027, 1, 1))
    new_year, reasons = live(yearly, ledger, gold, date(2026, 1, 1))
    assert (new_year.tier_id, new_year.growth, reasons) == (GOLD, 0, [])
    last_day, _ = live(yearly, ledger, new_year, date(2026, 12, 31))
    assert last_day.tier_id == GOLD
    after, reasons = live(yearly, ledger, last_day, date(2027, 1, 1))
    assert (after.tier_id, reasons) == (NORMAL, ["expiry"])


@pytest.mark.parametrize(("growth", "tier", "until"), [(4000, GOLD, 2028), (3999, SILVER, 2028)])
def test_keeping_asks_for_the_retention_threshold_in_the_year_that_ends(growth, tier, until):
    yearly = rules(window="calendar_year", grace_days=0)
    ledger = Ledger((date(2025, 6, 1), 5000), (date(2026, 12, 31), growth))
    gold, _ = live(yearly, ledger, None, date(2025, 6, 1))
    after, _ = live(yearly, ledger, gold, date(2027, 1, 1))
    assert (after.tier_id, after.valid_until) == (tier, date(until, 1, 1))


@pytest.mark.parametrize(
    ("made_up_on", "asked_on", "tier"),
    [
        (date(2027, 1, 30), date(2027, 1, 30), GOLD),
        (date(2027, 1, 31), date(2027, 1, 30), GOLD),  # still within grace: the tier is not lost yet
        (date(2027, 1, 31), date(2027, 1, 31), SILVER),  # a day too late
    ],
)
def test_days_of_grace_make_up_for_what_is_missing(made_up_on, asked_on, tier):
    yearly = rules(window="calendar_year", grace_days=30)
    ledger = Ledger((date(2025, 6, 1), 5000), (date(2026, 5, 1), 3000), (made_up_on, 1000))
    gold, _ = live(yearly, ledger, None, date(2025, 6, 1))
    assert live(yearly, ledger, gold, asked_on)[0].tier_id == tier


@pytest.mark.parametrize(("downgrade", "tier"), [("one_step", GOLD), ("reevaluated", NORMAL)])
def test_who_falls_falls_by_the_policy(downgrade, tier):
    policy = rules(downgrade=downgrade, grace_days=0)
    ledger = Ledger((date(2025, 1, 1), 20000))
    diamond, _ = live(policy, ledger, None, date(2025, 1, 1))
    fallen, reasons = live(policy, ledger, diamond, date(2026, 1, 1))
    assert (fallen.tier_id, reasons) == (tier, ["expiry"])


def test_one_step_a_period_leads_down_to_the_lowest():
    policy = rules(downgrade="one_step", grace_days=10)
    ledger = Ledger((date(2025, 1, 1), 20000))
    standing, seen = None, []
    for day in (date(2025, 1, 1), date(2026, 1, 10), date(2026, 1, 11), date(2027, 1, 11), date(2028, 1, 11)):
        standing, _ = live(policy, ledger, standing, day)
        seen.append(standing.tier_id)
    assert seen == [DIAMOND, DIAMOND, GOLD, SILVER, NORMAL]
    assert standing.due_on is None


def test_all_time_never_ends():
    lifetime = rules(window="lifetime")
    standing, _ = live(lifetime, Ledger((date(2001, 1, 1), 5000)), None, date(2026, 1, 1))
    assert (standing.tier_id, standing.valid_until, standing.due_on) == (GOLD, None, None)


@pytest.mark.parametrize(("refund", "tier"), [(1, SILVER), (4000, SILVER), (4001, NORMAL), (0, GOLD)])
def test_a_refund_costs_the_tier_that_it_had_brought(refund, tier):
    bought, today = date(2026, 3, 1), date(2026, 3, 20)
    gold, _ = live(rules(), Ledger((bought, 5000)), None, bought)
    after, reasons = live(rules(), Ledger((bought, 5000), (bought, -refund)), gold, today)
    assert (after.tier_id, reasons) == (tier, ["refund"] if refund else [])
    assert live(rules(refund_downgrades=False), Ledger((bought, 5000 - refund)), gold, today)[0].tier_id == GOLD


def test_a_refund_of_this_year_does_not_cost_a_tier_of_last_year():
    yearly = rules(window="calendar_year")
    gold, _ = live(yearly, Ledger((date(2025, 6, 1), 5000)), None, date(2025, 6, 1))
    ledger = Ledger((date(2025, 6, 1), 5000), (date(2026, 2, 1), 300), (date(2026, 2, 1), -300))
    assert live(yearly, ledger, gold, date(2026, 2, 20))[0].tier_id == GOLD


def test_a_refund_of_the_year_that_was_kept_costs_the_tier_again():
    yearly = rules(window="calendar_year", grace_days=0)
    gold, _ = live(yearly, Ledger((date(2025, 6, 1), 5000)), None, date(2025, 6, 1))
    kept = Ledger((date(2025, 6, 1), 5000), (date(2026, 12, 30), 4000))
    standing, _ = live(yearly, kept, gold, date(2027, 1, 1))
    assert (standing.tier_id, standing.valid_until) == (GOLD, date(2028, 1, 1))
    kept.entries.append((date(2026, 12, 30), -1))
    fallen, reasons = live(yearly, kept, standing, date(2027, 1, 9))
    assert (fallen.tier_id, reasons) == (SILVER, ["refund"])


def test_a_favour_ends_and_growth_overtakes_it():
    policy, today, until = rules(), date(2026, 3, 1), date(2026, 6, 1)
    favoured = set_by_hand(policy, Growth(), newcomer(policy), Manual(GOLD, False, until), today)
    assert (favoured.tier_id, favoured.earned_tier_id, favoured.due_on) == (GOLD, NORMAL, until)
    rich = Ledger((date(2026, 4, 1), 20000))
    assert live(policy, rich, favoured, date(2026, 4, 1))[0].tier_id == DIAMOND
    assert live(policy, Ledger(), favoured, date(2026, 5, 31))[0].tier_id == GOLD
    over, reasons = live(policy, Ledger(), favoured, until)
    assert (over.tier_id, over.manual, reasons) == (NORMAL, None, ["manual_ended"])


def test_who_is_held_down_rises_when_that_ends():
    policy, today, until = rules(), date(2026, 3, 1), date(2026, 6, 1)
    held = set_by_hand(policy, Growth(), newcomer(policy), Manual(NORMAL, True, until), today)
    rich = Ledger((date(2026, 4, 1), 20000))
    down, reasons = live(policy, rich, held, date(2026, 4, 1))
    assert (down.tier_id, down.earned_tier_id, reasons) == (NORMAL, DIAMOND, [])
    assert live(policy, rich, down, until)[0].tier_id == DIAMOND


def test_new_rules_lift_at_once_and_lower_nobody_before_the_end():
    bought = date(2026, 3, 1)
    gold, _ = live(rules(), Ledger((bought, 5000)), None, bought)
    harder = (LADDER[0], *(replace(step, threshold=step.threshold * 2) for step in LADDER[1:]))
    kept, reasons = live(rules(version=2, ladder=harder), Ledger((bought, 5000)), gold, date(2026, 4, 1))
    assert (kept.tier_id, kept.version, kept.valid_until, reasons) == (GOLD, 2, date(2027, 3, 1), [])
    anew, reasons = live(rules(version=2, ladder=harder, reassess=True), Ledger((bought, 5000)), gold, date(2026, 4, 1))
    assert (anew.tier_id, reasons) == (SILVER, ["rules"])
    softer = (LADDER[0], *(replace(step, threshold=step.threshold // 5, retention=0) for step in LADDER[1:]))
    lifted, reasons = live(rules(version=2, ladder=softer), Ledger((bought, 5000)), gold, date(2026, 4, 1))
    assert (lifted.tier_id, reasons) == (DIAMOND, ["rules"])


def test_a_tier_that_the_new_rules_do_not_name_is_left():
    bought = date(2026, 3, 1)
    gold, _ = live(rules(), Ledger((bought, 5000)), None, bought)
    fewer, reasons = live(rules(version=2, ladder=LADDER[:2]), Ledger((bought, 5000)), gold, bought)
    assert (fewer.tier_id, reasons) == (SILVER, ["rules"])


policies = st.builds(
    rules,
    window=st.sampled_from(["lifetime", "rolling", "calendar_year"]),
    months=st.integers(1, 24),
    validity_months=st.integers(1, 24),
    grace_days=st.sampled_from([0, 1, 30, 400]),
    downgrade=st.sampled_from(["one_step", "reevaluated"]),
    refund_downgrades=st.booleans(),
)
entries = st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 9000)), max_size=12)


@settings(max_examples=200, deadline=None)
@given(policy=policies, earned=entries, asked=st.lists(st.integers(0, 2200), max_size=8))
def test_a_standing_does_not_depend_on_how_often_it_was_asked(policy, earned, asked):
    """Nights that are missed, and extra ones, change nothing: only the days of earning and the last day matter."""
    by_day = {FROM + timedelta(days=day): growth for day, growth in earned}
    last = FROM + timedelta(days=2200)

    def walk(days):
        standing, ledger = None, Ledger()
        for day in sorted({*days, *by_day, last}):
            ledger.entries += [(day, by_day[day])] if day in by_day else []
            standing, _ = live(policy, ledger, standing, day)
        return standing

    assert walk({FROM + timedelta(days=day) for day in asked}) == walk(set())


@settings(max_examples=200, deadline=None)
@given(policy=policies, earned=entries, today=st.integers(0, 2200))
def test_what_is_evaluated_stays_and_rests_on_growth(policy, earned, today):
    day = FROM + timedelta(days=today)
    ledger, standing = Ledger(), None
    for moment, growth in sorted(earned):
        ledger.entries.append((FROM + timedelta(days=moment), growth))
        if moment <= today:
            standing, _ = live(policy, ledger, standing, FROM + timedelta(days=moment))
    standing, _ = live(policy, ledger, standing, day)
    assert live(policy, ledger, standing, day) == (standing, [])
    window = ledger.between(policy.window_first(day), day + timedelta(days=1))
    assert standing.growth == sum(growth for _, growth in window)
    assert policy.rank(standing.tier_id) >= policy.rank(policy.reached(standing.growth).tier_id)
    assert standing.due_on is None or standing.due_on > day
    assert (standing.valid_until is None) == (standing.tier_id == NORMAL or policy.window == "lifetime")


@settings(max_examples=100, deadline=None)
@given(policy=policies, earned=entries)
def test_a_refund_of_everything_leaves_the_lowest_tier(policy, earned):
    policy = replace(policy, refund_downgrades=True, downgrade=rules().downgrade)
    days = sorted((FROM + timedelta(days=day), growth) for day, growth in earned)
    ledger, standing = Ledger(), None
    for day, growth in days:
        ledger.entries.append((day, growth))
        standing, _ = live(policy, ledger, standing, day)
    last = days[-1][0] if days else FROM
    for day, growth in days:
        ledger.entries.append((day, -growth))
        standing, _ = live(policy, ledger, standing, last)
    standing, _ = live(policy, ledger, standing, last)
    assert (standing.tier_id, standing.growth) == (NORMAL, 0)


def test_a_question_asks_for_no_more_days_than_it_needs():
    question = ask(rules(), newcomer(rules()), date(2026, 3, 1))
    assert (question.window_first, question.kept_after, question.qualified_from) == (
        date(2025, 3, 2),
        None,
        date(2025, 3, 2),
    )
    standing, reason = evaluate(rules(), Growth(), newcomer(rules()), date(2026, 3, 1))
    assert (standing, reason) == (Standing(version=1, tier_id=NORMAL, earned_tier_id=NORMAL), None)
