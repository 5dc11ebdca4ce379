"""Rules and traces in plain words, in both languages."""

from datetime import date

import pytest
from django.utils import translation

from points.rules.engine import evaluate
from points.rules.explaining import reasons
from points.rules.naming import Names
from points.rules.sentences import sentence
from points.rules.spec import (
    ByStreak,
    ByTier,
    Channels,
    Combine,
    Days,
    FirstOrder,
    Fixed,
    Goods,
    Holidays,
    Limit,
    MemberDay,
    MinimumSpend,
    PerAmount,
    Period,
    Scope,
    Tiers,
    Unit,
    Weekdays,
)
from points.rules.tests.making import bought, double, line, rule_set, somebody, spec
from points.rules.trace import Code, Step, steps_of, stored

NAMES = Names(
    today=date(2026, 3, 10),
    member_day=8,
    tiers={"gold": "金卡会员", "silver": "银卡会员"},
    categories={1: "A", 2: "茶具"},
    brands={5: "山水间"},
    channels={"app": "App"},
)
A_LIMIT = Limit(Scope.MEMBER, Period.DAY, 500)

SENTENCES = [
    (
        double(
            conditions=(Tiers(("gold",)), Weekdays((6,)), Goods(category_ids=(1,))),
            limits=(A_LIMIT,),
            last_day=date(2026, 3, 31),
        ),
        "金卡会员，周六，A类商品双倍积分，每日最多 500 分，至 3 月 31 日",
        "金卡会员 members, Saturdays, A goods: double points, at most 500 points a day, until 31 March",
    ),
    (spec(PerAmount(1, 100), tier_multiplier=True), "每 ¥1 得 1 分，按等级倍率加成", None),
    (
        spec(Fixed(1), conditions=(FirstOrder(), MemberDay(), Channels(("app",)), MinimumSpend(10_050))),
        "首单，会员日（每月 8 日），通过App，满 ¥100.50送 1 分",
        None,
    ),
    (
        spec(
            PerAmount(3, 1000),
            conditions=(Goods((1,)), Goods((2,), (9,), (5,), excluded=True), Days(date(2026, 12, 31))),
            first_day=date(2026, 1, 1),
            last_day=date(2027, 1, 1),
        ),
        "12 月 31 日起，A类商品、除茶具类商品、山水间品牌商品、（已删除）外的商品每 ¥10 得 3 分，"
        "1 月 1 日 至 2027 年 1 月 1 日",
        None,
    ),
    (
        spec(ByStreak(((1, 5), (7, 30)), repeats=True), event="order", conditions=(Holidays(),)),
        "节假日，连续第 1 天 5 分、第 7 天 30 分，之后重新开始",
        None,
    ),
    (
        spec(
            ByTier((("silver", 10), ("gold", 20))),
            group="节日",
            combine=Combine.BEST,
            limits=(Limit(Scope.EVERYBODY, Period.CAMPAIGN, 3, Unit.TIMES),),
        ),
        "送 银卡会员 10 分、金卡会员 20 分，全体会员累计最多 3 次，“节日”组内取最高",
        None,
    ),
]


@pytest.mark.parametrize(("rule", "chinese", "english"), SENTENCES)
def test_a_rule_in_plain_words(rule, chinese, english):
    with translation.override("zh-hans"):
        assert sentence(rule, NAMES) == chinese
    if english:
        with translation.override("en"):
            assert sentence(rule, NAMES) == english


def test_members_are_not_told_how_rules_get_on():
    with translation.override("zh-hans"):
        assert sentence(SENTENCES[-1][0], NAMES, for_staff=False).endswith("全体会员累计最多 3 次")


@pytest.mark.django_db
def test_every_code_of_a_trace_has_its_words():
    data = {"fen": 100, "needed_fen": 200, "tier": "gold", "bp": 12_500, "base": 4, "streak": 3, "winner": "别的"}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            told = reasons([Step(1, 1, "规则", code, 5, data) for code in Code])
            assert all("规则" in each.message and "{" not in each.message for each in told)
            assert len({each.message for each in told}) == len(Code)


@pytest.mark.django_db
def test_a_stored_trace_explains_a_limit():
    found = evaluate(bought(line(60_000)), somebody(), rule_set(spec(), double(limits=(A_LIMIT,))), {})
    kept = stored(found.steps, rule_set=1, worth_fen=60_000)
    assert steps_of(kept) == list(found.steps)
    with translation.override("zh-hans"):
        assert [each.message for each in reasons(steps_of(kept))] == [
            "“rule 1”：¥600 得 600 分",
            "“rule 2”：600 分的 2 倍，多得 500 分（上限：每日最多 500 分；不设上限为 600 分）",
        ]
