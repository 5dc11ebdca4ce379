"""A code is verified once, where it belongs, by who works there, and all of it is written down."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, transaction

from logistics.network.tests.factories import make_store
from orders.after_sales.models import AfterSale
from orders.checkout.models import OrderStatus
from orders.verification import pickup_codes
from orders.verification.codes import pickup_code
from orders.verification.errors import (
    AlreadyUndone,
    AlreadyVerified,
    BillRequired,
    CodeUnknown,
    NoStore,
    OtherStore,
    PickupNotReady,
    PickupUnderAfterSale,
    StoreNotYours,
    StoreRequired,
    UndoNotSafe,
    UndoTooLate,
)
from orders.verification.invariants import LAWS
from orders.verification.models import Pickup, Verification
from orders.verification.pickup_codes import PickupCodes
from orders.verification.services.pickups import renew_code
from orders.verification.services.verifying import Clerk, hand_over_without_code, look_up, undo, verify
from orders.verification.tests.making import (
    MANAGER,
    VERIFY,
    clerk_of,
    code_of,
    in_store,
    make_staff,
    to_be_fetched,
)
from promotions.coupons.models import Coupon
from promotions.coupons.services.verifying import show_coupon
from promotions.coupons.tests.making import make_coupon
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.shown_codes import plain
from shop.staff.tests.making import staff_client
from tests.concurrency.racing import PATIENCE_SECONDS, run_together

pytestmark = pytest.mark.django_db(transaction=True)
BOSS = Actor.staff("boss")


@pytest.fixture
def store(db):
    return make_store(name="武林店")


def lawful():
    return [each for law in LAWS for each in law()] == []


def untouched(pickup):
    pickup.refresh_from_db()
    pickup.order.refresh_from_db()
    return pickup.fetched_at is None and pickup.order.status == "delivered" and not Verification.objects.exists()


def shown(member, **fields):
    """A coupon of ¥20 off ¥100 that is being shown: (coupon, code)."""
    coupon = make_coupon(member, use_in="anywhere", **fields)
    return coupon, show_coupon(number=coupon.number, member_id=member.pk, now=clock.now())[0]


def test_goods_are_handed_over_once_to_whoever_shows_the_code(member, store):
    tea, cup = SkuFactory(price_fen=9900), SkuFactory(price_fen=1000)
    pickup, clerk = in_store(member, store, (tea, 2), (cup, 1)), clerk_of(store, address="203.0.113.9")
    now, code = clock.now(), code_of(pickup)
    found, where = look_up(code=code.lower().replace("-", " "), clerk=clerk, now=now)
    assert [(each.name, each.quantity) for each in found.goods] == [(tea.product.name, 2), (cup.product.name, 1)]
    assert (found.reference, where) == (pickup.order.number, store)
    assert untouched(pickup)

    done, _found = verify(code=code, clerk=clerk, now=now)
    pickup.refresh_from_db()
    pickup.order.refresh_from_db()
    assert (pickup.fetched_at, pickup.order.status, pickup.order.completed_at) == (now, "completed", now)
    assert OutboxEntry.objects.filter(fact="OrderCompleted").exists()
    assert (done.staff_name, done.store, done.address, done.verified_at) == ("clerk", store, "203.0.113.9", now)
    assert done.title == f"{tea.product.name} × 2, {cup.product.name} × 1"

    with pytest.raises(AlreadyVerified) as again:
        verify(code=code, clerk=clerk, now=now)
    assert (again.value.data["store"], again.value.data["verified_by"]) == ("武林店", "clerk")
    assert Verification.objects.count() == 1
    assert lawful()


def without_guards(*, clerks):
    """The same with neither lock nor condition; nobody writes before all have looked."""
    looked = Barrier(clerks, timeout=PATIENCE_SECONDS)

    def take_whatever_is_there(*, pickup, code_hash, actor, now):
        looked.wait()
        Pickup.objects.filter(pk=pickup.pk).update(fetched_at=now)
        return pickup_codes.found_pickup(pickup)

    return take_whatever_is_there


@pytest.mark.parametrize(("guarded", "handed_over"), [(True, 1), (False, 6)])
def test_goods_are_handed_over_once_however_many_scan_at_once(member, store, monkeypatch, guarded, handed_over):
    pickup = in_store(member, store)
    clerks = [clerk_of(store, name=f"clerk{index}") for index in range(6)]
    given = []
    if not guarded:
        monkeypatch.setattr(pickup_codes, "hand_over", without_guards(clerks=len(clerks)))
    hand_over = pickup_codes.hand_over

    def count(**arguments):
        found = hand_over(**arguments)
        given.append(found)
        return found

    monkeypatch.setattr(pickup_codes, "hand_over", count)
    now, code = clock.now(), code_of(pickup)
    answers = run_together(*[lambda clerk=clerk: verify(code=code, clerk=clerk, now=now)[0] for clerk in clerks])
    assert len(given) == handed_over
    if guarded:
        assert sorted(type(each).__name__ for each in answers) == ["AlreadyVerified"] * 5 + ["Verification"]
        assert lawful()


@pytest.mark.parametrize("door", [verify, look_up])
def test_whoever_looks_while_another_hands_over_is_told_who_did(member, store, monkeypatch, door):
    """The other one is done between the look at what was used and the look at the goods."""
    pickup, clerk = in_store(member, store), clerk_of(store)
    now, code, find = clock.now(), code_of(pickup), PickupCodes.find

    def find_late(self, **asked):
        monkeypatch.setattr(PickupCodes, "find", find)
        faster = run_together(lambda: verify(code=code, clerk=clerk, now=now)[0])
        assert [type(each) for each in faster] == [Verification]
        return find(self, **asked)

    monkeypatch.setattr(PickupCodes, "find", find_late)
    with pytest.raises(AlreadyVerified):
        door(code=code, clerk=clerk, now=now)


def test_goods_that_are_not_there_are_not_handed_over(member, store):
    order, clerk = to_be_fetched(member, store), clerk_of(store)
    with pytest.raises(CodeUnknown):
        verify(code=pickup_code(order_number=order.number, version=1), clerk=clerk, now=clock.now())
    order.refresh_from_db()
    assert order.status == "shipped"


def test_a_refunded_order_is_not_handed_over(member, store):
    pickup, clerk = in_store(member, store), clerk_of(store)
    pickup.order.move_to(OrderStatus.REFUNDED, actor=BOSS, now=clock.now())
    for use in (look_up, verify):
        with pytest.raises(PickupNotReady):
            use(code=code_of(pickup), clerk=clerk, now=clock.now())
    assert not Verification.objects.exists()


def test_nothing_is_handed_over_while_an_after_sale_is_open(member, store):
    pickup, clerk = in_store(member, store), clerk_of(store)
    asked = AfterSale.objects.create(
        number="AS1", order=pickup.order, member=member, kind="refund", reason="unwanted", asked_at=clock.now()
    )
    with pytest.raises(PickupUnderAfterSale):
        verify(code=code_of(pickup), clerk=clerk, now=clock.now())
    assert untouched(pickup)
    AfterSale.objects.filter(pk=asked.pk).update(status="cancelled", ended_at=clock.now())
    assert verify(code=code_of(pickup), clerk=clerk, now=clock.now())


def test_what_the_member_got_money_back_for_stays_in_the_store(member, store):
    tea, cup = SkuFactory(price_fen=9900), SkuFactory(price_fen=1000)
    pickup, clerk, now = in_store(member, store, (tea, 2), (cup, 1)), clerk_of(store), clock.now()
    settled = AfterSale.objects.create(
        number="AS1",
        order=pickup.order,
        member=member,
        kind="refund",
        reason="unwanted",
        status="completed",
        asked_at=now,
        refunding_at=now,
        ended_at=now,
    )
    for line, units in zip(pickup.order.lines.all(), (1, 1), strict=True):
        settled.lines.create(order_line=line, quantity=units, units_refunded=units)
    found, _store = look_up(code=code_of(pickup), clerk=clerk, now=now)
    assert [(each.name, each.quantity) for each in found.goods] == [(tea.product.name, 1)]


def test_a_renewed_code_replaces_the_one_before(member, store):
    pickup, clerk = in_store(member, store), clerk_of(store)
    old = code_of(pickup)
    pickup = renew_code(order_number=pickup.order.number, member_id=member.pk)
    assert code_of(pickup) != old
    with pytest.raises(CodeUnknown):
        verify(code=old, clerk=clerk, now=clock.now())
    assert untouched(pickup)
    assert verify(code=code_of(pickup), clerk=clerk, now=clock.now())


def test_the_staff_of_a_store_verify_what_belongs_to_it(member, store):
    other = make_store(name="天河店")
    pickup, stranger, nobody = in_store(member, store), clerk_of(other, name="other"), clerk_of(name="nobody")
    with pytest.raises(OtherStore, match="武林店"):
        verify(code=code_of(pickup), clerk=stranger, now=clock.now())
    with pytest.raises(NoStore):
        verify(code=code_of(pickup), clerk=nobody, now=clock.now())
    with pytest.raises(StoreNotYours):
        verify(code=code_of(pickup), clerk=Clerk(stranger.staff, store.pk), now=clock.now())
    assert untouched(pickup)


def test_managers_verify_everywhere_and_say_where_they_are(member, store):
    make_store()
    boss = Clerk(make_staff("boss", *MANAGER))
    done, _found = verify(code=code_of(in_store(member, store)), clerk=boss, now=clock.now())
    assert done.store == store
    _coupon, code = shown(member)
    with pytest.raises(StoreRequired):
        verify(code=code, clerk=boss, bill_fen=12_000, now=clock.now())
    done, _found = verify(code=code, clerk=Clerk(boss.staff, store.pk), bill_fen=12_000, now=clock.now())
    assert done.store == store


def test_a_closed_store_is_nobodys(member, store):
    pickup, clerk = in_store(member, store), clerk_of(store)
    store.is_active = False
    store.save()
    with pytest.raises(NoStore):
        verify(code=code_of(pickup), clerk=clerk, now=clock.now())


def test_a_coupon_is_used_through_the_same_door_once(member, store):
    coupon, code = shown(member)
    clerk, now = clerk_of(store), clock.now()
    found, _store = look_up(code=code, clerk=clerk, now=now)
    assert (found.kind, found.needs_bill, found.off_fen) == ("coupon", True, None)
    assert look_up(code=code, clerk=clerk, bill_fen=12_000, now=now)[0].off_fen == 2000
    with pytest.raises(BillRequired):
        verify(code=code, clerk=clerk, now=now)
    done, _found = verify(code=f"{code[:4]} {code[4:8]} {code[8:]}", clerk=clerk, bill_fen=12_000, now=now)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.store_code, coupon.cost_fen, coupon.verified_by) == (
        "used",
        store.code,
        2000,
        "staff:clerk",
    )
    assert (done.kind, done.reference, done.bill_fen, done.off_fen) == ("coupon", coupon.number, 12_000, 2000)
    with pytest.raises(AlreadyVerified):
        verify(code=code, clerk=clerk, bill_fen=12_000, now=now)
    assert lawful()


def test_a_coupons_use_is_undone_within_minutes(member, store):
    boss = make_staff("boss", *MANAGER)
    coupon, code = shown(member)
    clerk, now = clerk_of(store), clock.now()
    done, _found = verify(code=code, clerk=clerk, bill_fen=12_000, now=now)
    with pytest.raises(UndoTooLate):
        undo(verification_id=done.pk, staff=boss, reason="wrong", now=now + timedelta(minutes=10, seconds=1))
    undone = undo(verification_id=done.pk, staff=boss, reason="顾客取消", now=now + timedelta(minutes=10))
    coupon.refresh_from_db()
    assert (coupon.status, coupon.store_code, coupon.cost_fen, coupon.revenue_fen) == ("unused", "", 0, 0)
    assert (undone.undone_by, undone.undo_reason) == ("boss", "顾客取消")
    with pytest.raises(AlreadyUndone):
        undo(verification_id=done.pk, staff=boss, reason="again", now=now)
    # It is shown and used again, and both uses stay in the book.
    code = show_coupon(number=coupon.number, member_id=member.pk, now=now)[0]
    verify(code=code, clerk=clerk, bill_fen=10_000, now=now)
    assert Verification.objects.filter(reference=coupon.number).count() == 2
    assert lawful()


def test_a_coupon_that_would_be_expired_is_not_given_back(member, store):
    boss = make_staff("boss", *MANAGER)
    coupon, code = shown(member)
    now = clock.now()
    done, _found = verify(code=code, clerk=clerk_of(store), bill_fen=12_000, now=now)
    Coupon.objects.filter(pk=coupon.pk).update(valid_until=now + timedelta(minutes=1))
    with pytest.raises(UndoNotSafe):
        undo(verification_id=done.pk, staff=boss, reason="wrong", now=now + timedelta(minutes=2))
    done.refresh_from_db()
    coupon.refresh_from_db()
    assert (done.undone_at, coupon.status) == (None, "used")


def test_goods_that_left_are_not_undone_here(member, store):
    boss = make_staff("boss", *MANAGER)
    pickup = in_store(member, store)
    done, _found = verify(code=code_of(pickup), clerk=clerk_of(store), now=clock.now())
    with pytest.raises(UndoNotSafe):
        undo(verification_id=done.pk, staff=boss, reason="wrong", now=clock.now())
    pickup.refresh_from_db()
    assert pickup.fetched_at is not None


def test_a_manager_hands_over_without_a_code_and_says_why(member, store):
    pickup, boss = in_store(member, store), Clerk(make_staff("boss", *MANAGER))
    done = hand_over_without_code(pickup_id=pickup.pk, clerk=boss, note="手机没电，核对身份证", now=clock.now())
    assert (done.store, done.note) == (store, "手机没电，核对身份证")
    with pytest.raises(AlreadyVerified):
        verify(code=code_of(pickup), clerk=boss, now=clock.now())
    with pytest.raises(AlreadyVerified):
        hand_over_without_code(pickup_id=pickup.pk, clerk=boss, note="again", now=clock.now())
    assert lawful()


def test_what_was_written_down_stays(member, store):
    done, _found = verify(code=code_of(in_store(member, store)), clerk=clerk_of(store), now=clock.now())
    for spoil in (lambda rows: rows.update(staff_name="x"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil(Verification.objects.filter(pk=done.pk))
    done.staff.delete()
    done.refresh_from_db()
    assert (done.staff_id, done.staff_name) == (None, "clerk")


def test_codes_are_long_all_different_and_read_as_people_type_them():
    codes = {plain(pickup_code(order_number=f"D{index}", version=1)) for index in range(2_000)}
    assert len(codes) == 2_000
    assert {len(code) for code in codes} == {13}
    assert set("".join(code[1:] for code in codes)) == set("23456789ABCDEFGHJKLMNPQRSTVWXYZ")
    assert plain("ｐ-2a b3\t") == "P2AB3"


def test_an_undo_stays_in_the_stores_of_whoever_asks(member, store):
    other = make_store()
    coupon, code = shown(member)
    done, _found = verify(code=code, clerk=clerk_of(other), bill_fen=12_000, now=clock.now())
    lead = staff_client(make_staff("lead", VERIFY, "undo_verification", stores=(store,)))
    answer = lead.post(f"/api/v1/verifications/{done.pk}/undo", {"reason": "mine now"})
    assert (answer.status_code, answer.json()["code"]) == (404, "verification_not_found")
    coupon.refresh_from_db()
    assert (coupon.status, coupon.store_code) == ("used", other.code)
    colleague = staff_client(make_staff("colleague", VERIFY, "undo_verification", stores=(other,)))
    assert colleague.post(f"/api/v1/verifications/{done.pk}/undo", {"reason": "a mistake"}).status_code == 200
    assert lawful()
