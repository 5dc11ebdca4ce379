"""Growth earned, taken back and evaluated on the real database."""

from datetime import date, timedelta

import pytest
from django.db import InternalError, transaction

from members.identity.tests.factories import MemberFactory
from members.tiers.engine import Step
from members.tiers.errors import (
    GrowthReferenceUsed,
    ManualTierOver,
    ManualTierWithoutEffect,
    RulesInvalid,
    TierNotInUse,
)
from members.tiers.facts import TierChanged
from members.tiers.invariants import LAWS
from members.tiers.models import Behaviour, GrowthEntry, MemberTier, Tier, TierChange, TierPolicy
from members.tiers.queries import benefits_of
from members.tiers.services import (
    earn_by_behaviour,
    earn_by_points,
    earn_by_spending,
    earn_growth,
    end_manual_tier,
    evaluate_members,
    set_manual_tier,
    take_back_growth,
)
from members.tiers.services.rules import preview_rules
from members.tiers.tests.making import STAFF, adopt, at, held, tier
from shop.core.events import subscribe
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)


@subscribe(TierChanged)
def noticed(fact):
    """Stands for any room above, so that the outbox shows what was published."""


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert {law.__name__: law() for law in LAWS if law()} == {}


def earn(member, growth, *, now=NOON, reference=None, earned_at=None, kind="spend", worth=1):
    with transaction.atomic():
        return earn_growth(
            reference=reference or f"r{GrowthEntry.objects.count()}",
            member_id=member.pk,
            growth=growth,
            kind=kind,
            worth=worth,
            earned_at=earned_at or now,
            now=now,
        )


def take_back(reference, earning, left, *, now=NOON):
    with transaction.atomic():
        return take_back_growth(reference=reference, earning=earning, left=left, now=now)


def history(member):
    changes = TierChange.objects.filter(member=member).order_by("pk")
    return list(changes.values_list("from_tier__code", "to_tier__code", "reason"))


def test_growth_lifts_at_once_and_tells_the_rooms_above(member):
    assert benefits_of(member_id=member.pk).tier_code == "normal"
    assert earn(member, 999)
    assert (held(member), history(member)) == ("normal", [])
    assert earn(member, 4001)
    assert (held(member), history(member)) == ("gold", [("normal", "gold", "upgrade")])
    payload = OutboxEntry.objects.get(fact="TierChanged", subscriber__endswith=".noticed").payload
    assert {name: payload[name] for name in ("member_id", "from_tier", "to_tier", "is_upgrade", "reason")} == {
        "member_id": member.pk,
        "from_tier": "normal",
        "to_tier": "gold",
        "is_upgrade": True,
        "reason": "upgrade",
    }


def test_a_reference_is_booked_once(member):
    assert earn(member, 600, reference="order:1") is True
    assert earn(member, 600, reference="order:1") is False
    assert MemberTier.objects.get(pk=member.pk).growth == 600
    for other, growth in ((member, 601), (MemberFactory(), 600)):
        with pytest.raises(GrowthReferenceUsed):
            earn(other, growth, reference="order:1")
    assert list(GrowthEntry.objects.values_list("member_id", "amount")) == [(member.pk, 600)]


def test_rates_give_growth_for_money_points_and_behaviour(member):
    adopt(growth_per_100_yuan=150, growth_per_100_points=25, behaviours={"review": 30})
    common = {"member_id": member.pk, "earned_at": NOON, "now": NOON}
    with transaction.atomic():
        assert earn_by_spending(reference="order:1", fen=12_345, **common) == 185
        assert earn_by_spending(reference="order:2", fen=66, **common) == 0
        assert earn_by_points(reference="points:1", points=399, **common) == 99
        assert earn_by_behaviour(reference="review:1", behaviour=Behaviour.REVIEW, **common) == 30
        assert earn_by_behaviour(reference="check_in:1", behaviour=Behaviour.CHECK_IN, **common) == 0
    assert list(GrowthEntry.objects.order_by("pk").values_list("kind", "amount")) == [
        ("spend", 185),
        ("points", 99),
        ("behaviour", 30),
    ]


def test_refunds_in_parts_take_back_the_whole_and_no_more(member):
    earn(member, 1001, reference="order:1", worth=3)
    assert held(member) == "silver"
    assert take_back("refund:1", "order:1", 2) == 334
    assert take_back("refund:1", "order:1", 2) == 0
    assert (held(member), MemberTier.objects.get().growth) == ("normal", 667)
    assert take_back("refund:2", "order:1", 0) == 667
    assert take_back("refund:3", "order:1", 0) == 0
    assert take_back("refund:4", "order:unknown", 0) == 0
    assert history(member) == [("normal", "silver", "upgrade"), ("silver", "normal", "refund")]


def test_a_refund_debits_the_day_of_the_earning(member):
    adopt(window="calendar_year")
    earn(member, 3000, now=at(2025, 12, 31, 23, 59), reference="order:1")
    assert take_back("refund:1", "order:1", 0, now=at(2026, 1, 20)) == 3000
    assert GrowthEntry.objects.get(reference="refund:1").earned_on == date(2025, 12, 31)
    assert MemberTier.objects.get().growth == 0
    assert held(member) == "normal"


def test_the_day_is_the_one_in_shanghai(member):
    adopt(window="calendar_year")
    earn(member, 100, now=at(2025, 12, 31, 23, 59))
    earn(member, 200, now=at(2026, 1, 1, 0, 0))
    days = list(GrowthEntry.objects.order_by("pk").values_list("earned_on", flat=True))
    assert days == [date(2025, 12, 31), date(2026, 1, 1)]
    assert MemberTier.objects.get().growth == 200


def test_what_is_booked_after_new_year_still_lifts_by_the_old_year(member):
    adopt(window="calendar_year")
    earn(member, 5000, earned_at=at(2025, 12, 31, 23, 59), now=at(2026, 1, 1, 0, 5))
    row = MemberTier.objects.get()
    assert (held(member), row.growth, row.valid_until) == ("gold", 0, date(2027, 1, 1))


@pytest.mark.parametrize("model", [GrowthEntry, TierChange, TierPolicy])
def test_ledger_history_and_rules_are_only_added_to(member, model):
    earn(member, 1000)
    row = model.objects.first()
    before = model.objects.filter(pk=row.pk).values().get()
    with pytest.raises(InternalError), transaction.atomic():
        model.objects.filter(pk=row.pk).update(actor="mallory")
    with pytest.raises(InternalError), transaction.atomic():
        model.objects.filter(pk=row.pk)._raw_delete("default")
    assert model.objects.filter(pk=row.pk).values().get() == before


def test_the_night_ends_what_has_ended_once(member):
    other = MemberFactory()
    earn(member, 5000)
    earn(other, 1000, now=NOON + timedelta(days=1))
    assert evaluate_members(now=at(2027, 3, 9)) == {"evaluated": 0, "moved": 0}
    assert evaluate_members(now=at(2027, 3, 10)) == {"evaluated": 1, "moved": 0}  # in its days of grace
    assert held(member) == "gold"
    assert evaluate_members(now=at(2027, 4, 9)) == {"evaluated": 2, "moved": 1}
    assert evaluate_members(now=at(2027, 4, 9)) == {"evaluated": 0, "moved": 0}
    assert (held(member), held(other)) == ("normal", "silver")
    assert history(member)[-1] == ("gold", "normal", "expiry")


def test_years_without_a_night_are_caught_up_with_one_step_at_a_time(member):
    adopt(downgrade="one_step", grace_days=0)
    earn(member, 20000)
    assert evaluate_members(now=at(2028, 6, 1), batch_size=1) == {"evaluated": 2, "moved": 2}
    assert [to for _, to, _ in history(member)] == ["diamond", "gold", "silver"]


def test_a_run_that_was_killed_goes_on_to_the_same_end():
    members = [MemberFactory() for _ in range(7)]
    for number, member in enumerate(members):
        earn(member, 1000 + 1500 * number)
    night = at(2027, 4, 30)
    assert evaluate_members(now=night, batch_size=2, batches=2)["evaluated"] == 4
    assert MemberTier.objects.filter(due_on__lte=date(2027, 4, 30)).count() == 3
    assert evaluate_members(now=night, batch_size=2) == {"evaluated": 3, "moved": 3}
    assert {held(member) for member in members} == {"normal"}
    assert TierChange.objects.filter(reason="expiry").count() == 7


def test_a_batch_costs_the_same_statements_for_any_number_of_members(django_assert_num_queries):
    for _ in range(2):
        earn(MemberFactory(), 1000)
    with django_assert_num_queries(18):
        evaluate_members(now=at(2027, 4, 30))
    for _ in range(6):
        earn(MemberFactory(), 1000, now=at(2027, 4, 30))
    with django_assert_num_queries(18):
        evaluate_members(now=at(2028, 6, 30))


def test_a_tier_by_hand_holds_through_its_last_day(member):
    common = {"member_id": member.pk, "actor": STAFF, "reason": "赔礼"}
    set_manual_tier(tier_id=tier("gold").pk, last_day=date(2026, 3, 31), now=NOON, **common)
    assert (held(member), history(member)) == ("gold", [("normal", "gold", "manual")])
    assert TierChange.objects.values_list("actor", "note").get() == ("staff:tester", "赔礼")
    evaluate_members(now=at(2026, 3, 31, 23, 59))
    assert held(member) == "gold"
    evaluate_members(now=at(2026, 4, 1, 0, 0))
    row = MemberTier.objects.get()
    assert (held(member), row.manual_tier, row.manual_reason) == ("normal", None, "")
    assert history(member)[-1] == ("gold", "normal", "manual_ended")


def test_a_tier_by_hand_can_be_ended_and_held_down(member):
    earn(member, 5000)
    common = {"member_id": member.pk, "actor": STAFF, "now": NOON}
    set_manual_tier(tier_id=tier("silver").pk, last_day=None, holds_down=True, reason="刷单", **common)
    assert held(member) == "silver"
    earn(member, 20000)
    assert held(member) == "silver"
    end_manual_tier(reason="查清", **common)
    assert held(member) == "diamond"
    assert MemberTier.objects.get().manual_reason == ""


def test_a_tier_by_hand_is_refused_where_it_would_do_nothing(member):
    earn(member, 5000)
    common = {"member_id": member.pk, "actor": STAFF, "reason": "x", "now": NOON}
    platinum = Tier.objects.create(code="platinum", name="白金")
    for tier_id, last_day, refusal in (
        (tier("gold").pk, None, ManualTierWithoutEffect),
        (tier("diamond").pk, date(2026, 3, 9), ManualTierOver),
        (platinum.pk, None, TierNotInUse),
    ):
        with pytest.raises(refusal):
            set_manual_tier(tier_id=tier_id, last_day=last_day, **common)
    assert MemberTier.objects.get().manual_tier is None
    assert history(member) == [("normal", "gold", "upgrade")]


def test_new_rules_are_shown_before_they_are_saved_and_do_what_was_shown():
    poor, rich = MemberFactory(), MemberFactory()
    earn(poor, 1000)
    earn(rich, 5000)
    needs = {"normal": (0, 0), "silver": (2000, 1000), "gold": (5000, 4000), "diamond": (5001, 1)}
    ladder = [Step(tier(code).pk, *each) for code, each in needs.items()]
    draft = TierPolicy(reassess=True)
    found = preview_rules(policy=draft, ladder=ladder, now=NOON)
    assert (found.members, dict(found.moves)) == (2, {(tier("silver").pk, tier("normal").pk): 1})
    assert [move.member_id for move in found.sample] == [poor.pk]
    assert (held(poor), TierPolicy.objects.count()) == ("silver", 1)
    adopt(reassess=True, thresholds=needs)
    assert evaluate_members(now=NOON) == {"evaluated": 2, "moved": 1}
    assert history(poor)[-1] == ("silver", "normal", "rules")
    assert held(rich) == "gold"


@pytest.mark.parametrize(
    "needs",
    [
        {"normal": (1, 0), "silver": (2, 0)},
        {"normal": (0, 0), "silver": (0, 0)},
        {"normal": (0, 0), "silver": (10, 11)},
        {},
    ],
)
def test_rules_that_cannot_stand_are_refused(needs):
    ladder = [Step(tier(code).pk, *each) for code, each in needs.items()]
    with pytest.raises(RulesInvalid):
        preview_rules(policy=TierPolicy(), ladder=ladder, now=NOON)
    if needs:
        with pytest.raises(RulesInvalid):
            adopt(thresholds=needs)
    assert TierPolicy.objects.count() == 1


def test_benefits_cost_one_query(member, django_assert_num_queries):
    earn(member, 5000)
    with django_assert_num_queries(1):
        found = benefits_of(member_id=member.pk)
    assert (found.tier_code, found.points_multiplier_bp, found.discount_bp, found.free_shipping) == (
        "gold",
        12_500,
        200,
        False,
    )
