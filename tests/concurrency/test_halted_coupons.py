"""A coupon that is made void while its member orders is either held by the order or void, never both; one that comes
back from a store meanwhile is void.
"""

from threading import Barrier

import pgtrigger
import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from promotions.coupons.errors import CouponNotUsable
from promotions.coupons.models import Coupon, Halt
from promotions.coupons.services import claim_coupons, halting, using, verifying
from promotions.coupons.services.halting import halt_coupons, run_halt
from promotions.coupons.tests.making import CLERK, NOW, make_coupon, make_template
from shop.core.invariants import violations
from tests.concurrency.racing import run_together, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def void(template):
    halt = halt_coupons(template_id=template.pk, kind="void", reason="x", tells_members=False, actor=CLERK, now=NOW)
    run_halt(halt_id=halt.pk, now=NOW)


def hold(coupon):
    with transaction.atomic():
        claim_coupons(order_number=f"D{coupon.pk}", member_id=coupon.member_id, costs_fen={coupon.pk: 1}, now=NOW)
    return "held"


def test_many_order_while_all_coupons_are_made_void():
    template = make_template()
    coupons = [make_coupon(MemberFactory(), template=template) for _ in range(8)]
    answers = run_together(lambda: void(template), *[lambda each=each: hold(each) for each in coupons])[1:]
    assert {type(each) for each in answers if each != "held"} <= {CouponNotUsable}
    run_halt(halt_id=Halt.objects.get().pk, now=NOW)
    for coupon, answer in zip(coupons, answers, strict=True):
        coupon.refresh_from_db()
        assert coupon.status == ("locked" if answer == "held" else "void")
        assert bool(coupon.order_number) == (answer == "held")
    assert Halt.objects.get().done_count == 8 - answers.count("held")
    assert not violations()


def test_without_the_conditions_an_order_holds_what_was_made_void():
    """The control: look at the coupon, then write what was seen back, with nothing in the database that objects."""
    template = make_template()
    coupon = make_coupon(MemberFactory(), template=template)
    looked, voided = Barrier(2, timeout=30), Barrier(2, timeout=30)

    def look_then_hold():
        with pgtrigger.ignore("coupons.Coupon:transitions"):
            found = Coupon.objects.get(pk=coupon.pk)
            assert found.status == "unused"
            looked.wait()
            voided.wait()
            found.status, found.order_number = "locked", "D1"
            found.save()
            return "held"

    def make_void():
        looked.wait()
        void(template)
        voided.wait()

    assert run_together(look_then_hold, make_void) == ["held", None]
    assert (Halt.objects.get().done_count, Coupon.objects.get().status) == (1, "locked")


@pytest.mark.parametrize(("is_guarded", "status"), [(True, "void"), (False, "unused")], ids=["guarded", "control"])
def test_all_are_made_void_while_a_use_in_a_store_is_taken_back(monkeypatch, is_guarded, status):
    """The control: whether its kind is void is asked, and nobody who makes it void waits."""
    coupon = make_coupon(MemberFactory(), use_in="anywhere")
    code, _until = verifying.show_coupon(number=coupon.number, member_id=coupon.member_id, now=NOW)
    with transaction.atomic():
        verifying.use_in_store(code=code, store_code="HZ01", bill_fen=12_000, actor=CLERK, now=NOW)
    taken_back, voided = Barrier(2, timeout=30), Barrier(2, timeout=30)
    if not is_guarded:
        monkeypatch.setattr(verifying, "lock_returning", lambda used: [])

    def take_back():
        with transaction.atomic():
            verifying.take_back_use(number=coupon.number, store_code="HZ01", used_at=NOW, now=NOW)
            taken_back.wait()
            if is_guarded:
                until_somebody_waits()
            else:
                voided.wait()

    def make_void():
        taken_back.wait()
        void(coupon.template)
        if not is_guarded:
            voided.wait()

    assert run_together(take_back, make_void) == [None, None]
    coupon.refresh_from_db()
    assert (coupon.status, Halt.objects.get().status) == (status, "done")
    assert bool(violations()) == (status == "unused")


def test_a_coupon_that_comes_back_between_the_two_looks_of_the_last_batch_is_made_void_too(monkeypatch):
    coupon = make_coupon(MemberFactory())
    hold(coupon)
    returned, looked, committed = (Barrier(2, timeout=30) for _ in range(3))
    finish = halting._finish

    def finish_later(halt, now):
        looked.wait()
        committed.wait()
        finish(halt, now)

    def give_back():
        with transaction.atomic():
            using.release_coupons(order_number=f"D{coupon.pk}", now=NOW)
            returned.wait()
            looked.wait()
        committed.wait()

    def make_void():
        returned.wait()
        void(coupon.template)

    monkeypatch.setattr(halting, "_finish", finish_later)
    assert run_together(give_back, make_void) == [None, None]
    monkeypatch.setattr(halting, "_finish", finish)
    assert (Halt.objects.get().status, Coupon.objects.get().status) == ("running", "unused")
    halting.run_halts(now=NOW)
    halting.run_halts(now=NOW)
    assert (Halt.objects.get().status, Coupon.objects.get().status) == ("done", "void")
    assert not violations()
