"""R2 for coupons: totals, limits per member, codes and the coupons themselves hold when everybody comes at once.

Each guard has a control: the same race with the guard written as a naive shop would write it.
"""

from threading import Barrier, Lock

import pytest
from django.db import transaction
from django.db.models import F

from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.tests.factories import MemberFactory
from promotions.coupons.errors import (
    CouponLimitReached,
    CouponNotUsable,
    CouponPeriodLimitReached,
    CouponsGone,
    RedemptionCodeInvalid,
    RedemptionLocked,
)
from promotions.coupons.models import ClaimTally, Code, CodeBatch, Coupon, CouponTemplate
from promotions.coupons.redemption_codes import new_code
from promotions.coupons.services import claim_coupon, claim_coupons, granting, redeeming, using, verifying
from promotions.coupons.services.batches import create_batch, export_batch
from promotions.coupons.tests.making import CLERK, NOW, make_coupon, make_template
from shop.core.invariants import violations
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
BUYERS, LIMIT, EACH = 50, 1000, 22


def crowd(count):
    rows = [Member(phone=f"+86139{n:08d}", invite_code=f"C{n:09d}", joined_at=NOW) for n in range(count)]
    return [member.pk for member in Member.objects.bulk_create(rows)]


def claim(template, member_id):
    try:
        claim_coupon(template_id=template.pk, member_id=member_id, channel="", now=NOW)
    except (CouponsGone, CouponLimitReached, CouponPeriodLimitReached) as refusal:
        return refusal.code
    return "claimed"


def claim_for(template, member_ids):
    return [claim(template, member_id) for member_id in member_ids]


def answers_of(template, members, *, each):
    shares = [members[start::BUYERS][:each] for start in range(BUYERS)]
    answers = run_together(*[lambda ids=share: claim_for(template, ids) for share in shares])
    return [answer for each in answers for answer in each]


def held(template):
    template.refresh_from_db()
    return template.claimed_count, Coupon.objects.filter(template=template).count()


def test_fifty_buyers_at_once_get_exactly_a_thousand():
    template = make_template(total_limit=LIMIT, budget_fen=LIMIT * 2000)
    answers = answers_of(template, crowd(BUYERS * EACH), each=EACH)
    assert answers.count("claimed") == LIMIT
    assert answers.count("coupons_gone") == BUYERS * EACH - LIMIT
    assert held(template) == (LIMIT, LIMIT)
    assert {law: each for law, each in violations().items() if "coupons" in law} == {}


def look_then_count(look_together):
    """The guard of a shop that reads, compares and writes what it computed."""

    def count(template, member_ids, now):
        row = CouponTemplate.objects.get(pk=template.pk)
        look_together.wait()
        if row.claimed_count >= (row.total_limit or 0):
            return []
        CouponTemplate.objects.filter(pk=row.pk).update(claimed_count=row.claimed_count + 1)
        return list(member_ids)

    return count


def count_and_ignore(look_together):
    """The conditional update is there, only nobody looks at how many rows it met."""

    def count(template, member_ids, now):
        CouponTemplate.objects.filter(pk=template.pk, claimed_count__lt=F("total_limit")).update(
            claimed_count=F("claimed_count") + len(member_ids)
        )
        return list(member_ids)

    return count


def count_apart_and_compensate(look_together):
    """Counted apart, as in a cache, and given back by whoever is refused, counted or not."""
    counter, guard = [0], Lock()

    def count(template, member_ids, now):
        with guard:
            if counter[0] >= template.total_limit:
                counter[0] -= 1
                return []
            counter[0] += 1
            return list(member_ids)

    return count


@pytest.mark.parametrize("naive", [look_then_count, count_and_ignore, count_apart_and_compensate])
def test_control_without_the_guard_more_are_given_than_there_are(monkeypatch, naive):
    template = make_template(total_limit=LIMIT)
    monkeypatch.setattr(granting, "_count_template", naive(Barrier(BUYERS, timeout=30)))
    answers = answers_of(template, crowd(BUYERS * EACH), each=EACH)
    assert set(answers) <= {"claimed", "coupons_gone"}
    assert answers.count("claimed") == held(template)[1] > LIMIT


@pytest.mark.parametrize("limit", [1, 3])
def test_a_members_limit_holds_against_their_own_devices(limit):
    template, member = make_template(per_member_limit=limit), MemberFactory()
    answers = run_together(*[lambda: claim(template, member.pk)] * BUYERS)
    assert answers.count("claimed") == limit
    assert answers.count("coupon_limit_reached") == BUYERS - limit
    assert (held(template), ClaimTally.objects.get().claimed) == ((limit, limit), limit)


@pytest.mark.parametrize("period", ["day", "month"])
def test_a_members_limit_for_a_while_holds_against_their_own_devices(period):
    template = make_template(per_member_limit=9, period=period, per_period_limit=2)
    member = MemberFactory()
    answers = run_together(*[lambda: claim(template, member.pk)] * 8)
    assert (answers.count("claimed"), answers.count("coupon_period_limit_reached")) == (2, 6)
    assert (held(template), ClaimTally.objects.get().in_period) == ((2, 2), 2)


def test_a_budget_without_any_other_limit_holds():
    template = make_template(total_limit=None, budget_fen=7 * 2000 + 1999)
    answers = answers_of(template, crowd(BUYERS), each=1)
    assert (answers.count("claimed"), answers.count("coupons_gone")) == (7, BUYERS - 7)
    assert (held(template), template.spent_fen) == ((7, 7), 14_000)


@pytest.mark.parametrize("limits", [{"per_member_limit": 1}, {"per_member_limit": 9, "per_period_limit": 1}])
def test_control_without_the_tally_a_member_gets_more(monkeypatch, limits):
    template, member = make_template(period="day", **limits), MemberFactory()
    barrier = Barrier(8, timeout=30)

    def look(template, member_ids, now):
        seen = Coupon.objects.filter(template=template, member_id__in=member_ids).count()
        barrier.wait()
        return list(member_ids) if seen < 1 else []

    monkeypatch.setattr(granting, "_count_members", look)
    answers = run_together(*[lambda: claim(template, member.pk)] * 8)
    assert answers.count("claimed") == 8


def hold(coupon, order_number):
    with transaction.atomic():
        claim_coupons(order_number=order_number, member_id=coupon.member_id, costs_fen={coupon.pk: 2000}, now=NOW)
        return "held"


@pytest.mark.parametrize("guarded", [True, False])
def test_one_coupon_serves_one_of_two_orders(monkeypatch, guarded):
    coupon = make_coupon(MemberFactory())
    if not guarded:
        barrier = Barrier(2, timeout=30)

        def look_then_hold(*, order_number, member_id, costs_fen, now):
            found = Coupon.objects.get(pk=coupon.pk)
            barrier.wait()
            if found.status != "unused":
                raise CouponNotUsable
            found.status, found.order_number = "locked", order_number
            found.save(update_fields=["status", "order_number"])

        monkeypatch.setitem(globals(), "claim_coupons", look_then_hold)
    answers = run_together(lambda: hold(coupon, "D1"), lambda: hold(coupon, "D2"))
    assert answers.count("held") == (1 if guarded else 2)
    if guarded:
        assert [type(each) for each in answers if each != "held"] == [CouponNotUsable]
        coupon.refresh_from_db()
        assert coupon.order_number == f"D{answers.index('held') + 1}"


def test_two_orders_with_the_same_coupons_in_opposite_order_do_not_run_into_each_other():
    member, template = MemberFactory(), make_template(per_member_limit=None)
    for _ in range(5):
        coupons = [make_coupon(member, template=template) for _ in range(4)]
        keys = [each.pk for each in coupons]

        def take(order_number, keys):
            with transaction.atomic():
                using.claim_coupons(
                    order_number=order_number, member_id=member.pk, costs_fen=dict.fromkeys(keys, 1), now=NOW
                )

        answers = run_together(lambda k=keys: take("D1", k), lambda k=keys: take("D2", k[::-1]))
        assert sorted(str(type(each).__name__) for each in answers) == ["CouponNotUsable", "NoneType"]
        assert len(set(Coupon.objects.filter(pk__in=keys).values_list("order_number", flat=True))) == 1


def redeem(typed, member_id):
    return redeeming.redeem_code(typed=typed, member_id=member_id, channel="", origin=Origin(), now=NOW)


def code_of(template):
    batch = create_batch(template_id=template.pk, name="x", quantity=1, expires_at=None, actor=CLERK, now=NOW)
    return "".join(export_batch(batch_id=batch.pk, actor=CLERK, now=NOW)).strip()


def without_any_guard(barrier):
    """Look, compare, write: nothing conditional, no reference to the code, no count of the batch."""

    def look_then_redeem(*, code_hash, member_id, channel, try_id, now):
        code = Code.objects.select_related("batch__template").get(code_hash=code_hash)
        barrier.wait()
        if code.member_id is not None:
            raise RedemptionCodeInvalid
        with transaction.atomic():
            code.member_id, code.redeemed_at = member_id, now
            code.save(update_fields=["member", "redeemed_at"])
            return granting.give(
                template=code.batch.template, member_id=member_id, way="codes", reference=None, now=now
            )

    return look_then_redeem


@pytest.mark.parametrize(("guarded", "coupons"), [(True, 1), (False, 8)])
def test_a_code_redeemed_by_many_at_once_is_good_for_one(monkeypatch, guarded, coupons):
    code = code_of(make_template(way="codes"))
    if not guarded:
        monkeypatch.setattr(redeeming, "_redeem", without_any_guard(Barrier(8, timeout=30)))
    answers = run_together(*[lambda pk=pk: redeem(code, pk) for pk in crowd(8)])
    kinds = [type(each) for each in answers]
    assert (kinds.count(Coupon), Coupon.objects.count()) == (coupons, coupons)
    if guarded:
        assert kinds.count(RedemptionCodeInvalid) == 7
        assert CodeBatch.objects.get().redeemed_count == 1
        assert Code.objects.get().member_id == Coupon.objects.get().member_id


def test_a_code_redeemed_twice_at_once_by_its_member_is_one_coupon():
    code, member = code_of(make_template(way="codes", per_member_limit=None)), MemberFactory()
    answers = run_together(*[lambda: redeem(code, member.pk)] * 2)
    assert Coupon.objects.count() == 1
    assert Coupon in [type(each) for each in answers]
    assert redeem(code, member.pk) == Coupon.objects.get()


@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_hundred_guesses_at_once_five_are_looked_at(monkeypatch, guarded):
    member, guesses, answers = MemberFactory(), 40, []
    if not guarded:
        barrier = Barrier(guesses, timeout=30)
        monkeypatch.setattr(redeeming, "lock_names", lambda *names: barrier.wait())
    for _ in range(5):
        answers += run_together(*[lambda: redeem(new_code(), member.pk)] * guesses)
    looked_at = [type(each) for each in answers].count(RedemptionCodeInvalid)
    assert (looked_at == 5) is guarded
    if guarded:
        assert [type(each) for each in answers].count(RedemptionLocked) == 195


def use_whatever_it_is(coupon, *, now, **fields):
    return Coupon.objects.filter(pk=coupon.pk).update(**fields)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_coupon_shown_in_two_stores_is_used_in_one(monkeypatch, guarded):
    coupon = make_coupon(MemberFactory(), use_in="store")
    code, _until = verifying.show_coupon(number=coupon.number, member_id=coupon.member_id, now=NOW)
    # Both have seen it before either uses it.
    barrier, look = Barrier(2, timeout=30), verifying.shown_coupon

    def look_together(**arguments):
        found = look(**arguments)
        barrier.wait()
        return found

    monkeypatch.setattr(verifying, "shown_coupon", look_together)
    if not guarded:
        monkeypatch.setattr(verifying, "_use", use_whatever_it_is)

    def verify(store):
        with transaction.atomic():
            return verifying.use_in_store(code=code, store_code=store, bill_fen=12_000, actor=CLERK, now=NOW).status

    answers = run_together(lambda: verify("HZ01"), lambda: verify("HZ02"))
    assert answers.count("used") == (1 if guarded else 2)
