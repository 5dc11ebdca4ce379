"""Goods that come back take along what they have earned: worked out by hand, then over random orders."""

from itertools import pairwise
from random import Random

import pytest
from django.db import IntegrityError, InternalError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from members.identity.tests.factories import MemberFactory
from members.tiers.services import earn_growth
from points.ledger.models import ExpiryPolicy, PointTransaction
from points.ledger.queries import balance_of
from points.rules.engine import evaluate
from points.rules.events import EarningEvent
from points.rules.invariants import LAWS
from points.rules.models import Earning
from points.rules.services import earn, take_back, undo
from points.rules.spec import ByTier, Combine, Fixed, Goods, Limit, Multiplier, PerAmount, Period, Scope
from points.rules.tests.making import (
    CUPS,
    CUPS_ID,
    GREEN_TEA,
    SATURDAY,
    TEA,
    TEA_ID,
    bought,
    line,
    rule_set,
    somebody,
    spec,
)
from points.rules.tests.publishing import publish
from shop.catalog.tests.factories import CategoryFactory

A_DAY = Limit(Scope.MEMBER, Period.DAY, 300)


@pytest.fixture
def tea(db):
    return CategoryFactory()


@pytest.fixture
def cups(db):
    return CategoryFactory()


def act(action, **given):
    with transaction.atomic():
        return action(**given)


def buys(member, *lines, reference="order:1"):
    return act(earn, event=bought(*lines, member_id=member.pk, reference=reference), now=SATURDAY)


def tenfold(category, **fields):
    return spec(Multiplier(100_000), conditions=(Goods(category_ids=(category.pk,)),), **fields)


def gilded(member):
    with transaction.atomic():
        earn_growth(reference="g", member_id=member.pk, growth=5_000, kind="spend", earned_at=SATURDAY, now=SATURDAY)


def come_back(*steps, of="order:1"):
    """What is taken at each step, to each of which `steps` says what is left of each line."""
    return [act(take_back, of=of, reference=f"{of}:r{n}", left_fen=left, now=SATURDAY) for n, left in enumerate(steps)]


def lawful():
    return [found for law in LAWS if (found := law())]


# Tea at tenfold points and cups, for the same money. Each case: what is left of both, step by step, and what is taken.
TEA_ALONE = (0, 10_000)
CUPS_ALONE = (10_000, 0)
ALL = (0, 0)
HALF_OF_TEA = (5_000, 10_000)
A_THIRD_OF_BOTH_LEFT = (3_333, 3_333)
CASES = {
    # 1000 for tea and 100 for cups.
    "plain": [
        ([TEA_ALONE, ALL], [1_000, 100]),
        ([CUPS_ALONE, ALL], [100, 1_000]),
        ([HALF_OF_TEA, TEA_ALONE, ALL], [500, 500, 100]),
        ([HALF_OF_TEA, (5_000, 0), ALL], [500, 100, 500]),
        ([CUPS_ALONE, (5_000, 0), ALL], [100, 500, 500]),
        # 333.3 and 33.33 stay, each cut off.
        ([A_THIRD_OF_BOTH_LEFT, ALL], [667 + 67, 333 + 33]),
        ([ALL], [1_100]),
    ],
    # 50 more for the order, which both lines share.
    "bonus": [
        ([TEA_ALONE, ALL], [1_025, 125]),
        ([CUPS_ALONE, ALL], [125, 1_025]),
        # Half of 1025 stays, cut off to 512.
        ([HALF_OF_TEA, TEA_ALONE, ALL], [513, 512, 125]),
        ([ALL], [1_150]),
    ],
    # A quarter of the base more for each line.
    "tier": [
        ([TEA_ALONE, ALL], [1_025, 125]),
        ([CUPS_ALONE, ALL], [125, 1_025]),
        ([HALF_OF_TEA, (5_000, 0), ALL], [513, 125, 512]),
    ],
    # 300 of the 900 more for tea.
    "limit": [
        ([TEA_ALONE, ALL], [400, 100]),
        ([CUPS_ALONE, ALL], [100, 400]),
        # 133.32 and 33.33 stay.
        ([A_THIRD_OF_BOTH_LEFT, ALL], [267 + 67, 133 + 33]),
    ],
}


@pytest.mark.parametrize(("kind", "steps", "taken"), [(kind, *case) for kind in CASES for case in CASES[kind]])
def test_each_line_takes_along_what_it_has_earned(member, tea, cups, kind, steps, taken):
    publish(tenfold(tea, limits=(A_DAY,) if kind == "limit" else ()))
    if kind == "bonus":
        publish(spec(Fixed(50), combine=Combine.STACK))
    if kind == "tier":
        gilded(member)
    earning = buys(member, line(10_000, tea.path), line(10_000, cups.path))
    assert earning.points == sum(taken)
    assert come_back(*steps) == taken
    assert balance_of(member_id=member.pk, now=SATURDAY).pending == 0
    assert lawful() == []


def test_a_multiplied_line_cannot_be_returned_for_the_points_of_another(member, tea, cups):
    """The loss that this is about: shared by money, half of all 1100 points would stay for cups that earn 100."""
    publish(tenfold(tea))
    buys(member, line(10_000, tea.path), line(10_000, cups.path))
    come_back(TEA_ALONE)
    honest = buys(member, line(10_000, cups.path), reference="order:2")
    assert Earning.objects.get(reference="order:1").points_kept == honest.points == 100


def test_what_was_taken_never_comes_back_line_by_line(member, tea, cups):
    publish(tenfold(tea))
    buys(member, line(10_000, tea.path), line(10_000, cups.path))
    # Told too late, of the tea, and together with news of the cups.
    assert come_back(TEA_ALONE, TEA_ALONE, HALF_OF_TEA, (10_000, 5_000)) == [1_000, 0, 0, 50]
    earning = Earning.objects.get()
    assert (earning.left_fen, earning.points_kept) == ([0, 5_000], 50)
    assert earning.lines == [(10_000, 0, 1_000, 0), (10_000, 5_000, 100, 50)]
    with pytest.raises(ValueError, match="zip"):
        come_back((0, 0, 0))
    assert Earning.objects.get().points_kept == 50


def test_each_grant_gives_its_own_points_of_a_line(member, tea, cups):
    publish(tenfold(tea, expiry_policy_id=ExpiryPolicy.objects.order_by("pk")[0].pk))
    earning = buys(member, line(10_000, tea.path), line(10_000, cups.path))
    assert earning.parts == {"order:1": [100, 100], "order:1#2": [900, 0]}
    come_back(CUPS_ALONE, HALF_OF_TEA, ALL)
    taken = (
        PointTransaction.objects.filter(kind="claw_back").order_by("pk").values_list("reverses__reference", "points")
    )
    assert list(taken) == [
        ("order:1", -100),
        ("order:1", -50),
        ("order:1#2", -450),
        ("order:1", -50),
        ("order:1#2", -450),
    ]
    assert lawful() == []


def test_one_line_stands_for_all_goods_where_they_were_not_told_apart(member, tea, cups):
    """As in what was earned before lines were: its points follow the money as they did."""
    publish(tenfold(tea))
    together = buys(member, line(20_000, tea.path))
    assert (together.net_fen, together.parts) == ([20_000], {"order:1": [2_000]})
    assert come_back((0, 10_000), (0, 0)) == [1_000, 1_000]
    assert lawful() == []


def test_the_database_keeps_what_was_earned_and_as_many_lines_as_there_were(member, tea):
    buys(member, line(10_000, tea.path))
    for changed in ({"parts": {"order:1": [1]}}, {"net_fen": [1]}):
        with pytest.raises(InternalError), transaction.atomic():
            Earning.objects.update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Earning.objects.update(left_fen=[5_000, 5_000])
    assert lawful() == []


@pytest.mark.parametrize(
    ("left_fen", "found"),
    [
        ([9_000, 10_000], ["grant order:1: 0 taken back where 10 were due"]),
        ([10_001, 10_000], ["earning order:1: 10001 fen are left of 10000"]),
        ([-1, 10_000], ["earning order:1: -1 fen are left of 10000"]),
    ],
)
def test_laws_look_at_each_line(member, tea, left_fen, found):
    buys(member, line(10_000, tea.path), line(10_000, tea.path))
    Earning.objects.update(left_fen=left_fen)
    assert found[0] in [each for law in lawful() for each in law]


def test_undoing_takes_every_point_of_what_has_no_price(member):
    publish(spec(Fixed(5), event="check_in"))
    earning = act(earn, event=EarningEvent("check_in", "c:1", member.pk, SATURDAY), now=SATURDAY)
    assert (earning.parts, earning.net_fen) == ({"c:1": [5]}, [0])
    assert act(take_back, of="c:1", reference="r", left_fen=[0], now=SATURDAY) == 0
    assert act(undo, of="c:1", reference="u", now=SATURDAY) == 5
    assert balance_of(member_id=member.pk, now=SATURDAY).available == 0


LINES = st.lists(
    st.builds(line, st.integers(0, 50_000), st.sampled_from([TEA, GREEN_TEA, CUPS])), min_size=1, max_size=6
)
EFFECTS = st.one_of(
    st.builds(PerAmount, st.integers(1, 7), st.sampled_from([1, 33, 100, 1_000])),
    st.builds(Fixed, st.integers(1, 999)),
    st.just(ByTier((("gold", 41),))),
    st.builds(Multiplier, st.sampled_from([10_500, 15_000, 20_000, 100_000])),
)
RULES = st.lists(
    st.builds(
        spec,
        EFFECTS,
        tier_multiplier=st.booleans(),
        conditions=st.sampled_from([(), (Goods(category_ids=(TEA_ID,)),), (Goods(category_ids=(CUPS_ID,)),)]),
        limits=st.sampled_from([(), (A_DAY,), (Limit(Scope.MEMBER, Period.ORDER, 77),)]),
        expiry_policy_id=st.sampled_from([None, 4]),
        combine=st.sampled_from(list(Combine)),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(LINES, RULES, st.sampled_from([0, 5_000, 10_000, 12_500]), st.randoms(use_true_random=False))
def test_over_random_orders_lines_add_up_and_come_back_whole(lines, rules, tier_bp, random):
    event = bought(*lines)
    found = evaluate(event, somebody("gold", tier_bp), rule_set(*rules), {})
    assert found.points == sum(part.points for part in found.parts)
    for part in found.parts:
        assert all(points >= 0 for points in part.by_line)
        # What cost nothing has earned nothing that a refund could not find.
        assert not any(points for points, net in zip(part.by_line, event.net_fen, strict=True) if not net)
    earning = Earning(
        parts={str(n): list(part.by_line) for n, part in enumerate(found.parts)},
        net_fen=list(event.net_fen),
        left_fen=list(event.net_fen),
    )
    assert earning.points_kept == found.points
    kept = [earning.lines]
    while any(earning.left_fen):
        earning.left_fen = [random.choice([left, random.randint(0, left), 0]) for left in earning.left_fen]
        kept.append(earning.lines)
    assert earning.points_kept == 0
    for before, after in pairwise(kept):
        for earlier, later in zip(before, after, strict=True):
            assert later.points_kept <= earlier.points_kept <= earlier.points
            assert later.points_kept * later.net_fen <= later.points * later.left_fen


@pytest.mark.django_db
def test_over_random_orders_the_ledger_gives_back_what_it_gave(tea, cups):
    """Two members bring the same goods back, in other steps and in another order: both keep the same, then nothing."""
    random = Random(20_260_328)
    publish(tenfold(tea, limits=(Limit(Scope.MEMBER, Period.ORDER, 400),)))
    publish(spec(Fixed(7)))
    members, paths = [MemberFactory(), MemberFactory()], [tea.path, cups.path]
    for turn in range(12):
        lines = [line(random.randint(0, 9_999), random.choice(paths)) for _line in range(random.randint(1, 4))]
        lines.append(line(100, cups.path))
        nets = [each.net_fen for each in lines]
        target = [random.randint(0, net) for net in nets]
        for member in members:
            of = f"order:{turn}:{member.pk}"
            earned = buys(member, *lines, reference=of).points
            places = random.sample(range(len(nets)), len(nets))
            steps, left = [], list(nets)
            for place in places:
                left[place] = target[place]
                steps.append(tuple(left))
            taken = come_back(*steps, of=of)
            assert min(taken) >= 0
            assert Earning.objects.get(reference=of).points_kept == earned - sum(taken)
        kept = {earning.points_kept for earning in Earning.objects.filter(reference__startswith=f"order:{turn}:")}
        assert len(kept) == 1
        for member in members:
            rest = act(
                take_back,
                of=f"order:{turn}:{member.pk}",
                reference=f"all:{turn}:{member.pk}",
                left_fen=[0] * len(nets),
                now=SATURDAY,
            )
            assert rest == kept.copy().pop()
    assert [balance_of(member_id=member.pk, now=SATURDAY).pending for member in members] == [0, 0]
    assert lawful() == []
