"""Services, codes and coupons: what is given at once, used once, and taken back only unused."""

from datetime import timedelta

import pytest

from logistics.network.tests.factories import make_store
from members.identity.tests.factories import MemberFactory, client_for
from orders.after_sales import services as after_sales
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.tests.making import CLERK, ask, deliver_facts, money_arrives, settle_payment
from orders.checkout.models import Order
from orders.checkout.tests.making import place, quote
from orders.payments.services.closing import expire_unpaid_orders
from orders.verification.errors import AlreadyVerified, CodeUnknown, OtherStore
from orders.verification.models import Verification
from orders.verification.services.verifying import look_up, undo, verify
from orders.verification.tests.making import clerk_of
from orders.workbench.errors import RecipientNotChangeable
from orders.workbench.services.readdressing import change_recipient
from points.ledger.queries import balance_of
from points.mall.errors import (
    RewardStillComing,
    UsedAlready,
    VoucherNotBooked,
    VoucherNotThisDay,
    VoucherNotUsable,
)
from points.mall.models import CodeReveal, Redemption, Reward, RewardCode, Slot, Voucher
from points.mall.preferences import REVEALS_PER_HOUR
from points.mall.services.codes import import_codes, retire_codes
from points.mall.services.sweeping import expire_vouchers, note_no_shows
from points.mall.services.vouchers import book
from points.mall.tests.making import (
    DAY,
    HOUR,
    asked,
    assert_lawful,
    bookable,
    give_points,
    live_reward,
    make_slot,
    redeemed,
)
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.tests.making import make_live_template
from shop.core import clock, rate_limits
from shop.core.preferences import set_preference
from tests.access import API

# Verification counts wrong codes in transactions of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rich(member):
    """Services and codes need no address."""
    give_points(member, 20_000)
    return client_for(member)


def available(member):
    return balance_of(member_id=member.pk, now=clock.now()).available


def mine(client):
    return client.get(f"{API}me/vouchers").json()["items"]


def refunded(order, units=1):
    """Asked for and agreed to; without money it is done at once."""
    asked_for = ask(order, {0: units}, kind=Kind.REFUND)
    after_sales.approve(number=asked_for.number, actor=CLERK, now=clock.now())
    deliver_facts()
    money_arrives(asked_for)
    return asked_for


def test_a_service_is_booked_moved_verified_once_and_refused_twice(member, rich):
    store, other = make_store(code="WULIN", name="武林店"), make_store(code="XIHU", name="西湖店")
    reward, slot = bookable(starts_in=3 * DAY, capacity=2)
    slot.resource.store_code = "WULIN"
    slot.resource.save()
    later = make_slot(slot.resource, starts_at=slot.starts_at + DAY)
    order = redeemed(rich, reward, slot=slot)
    assert (order.status, order.recipient, order.freight_fen, available(member)) == ("completed", None, 0, 12_000)
    [voucher] = mine(rich)
    assert (voucher["status"], voucher["slot"]["id"], voucher["qr"][:14]) == ("ready", slot.pk, "data:image/svg")

    moved = rich.put(f"{API}me/vouchers/{voucher['id']}/booking", {"slot_id": later.pk}).json()
    assert moved["slot"]["id"] == later.pk
    assert [each.booked for each in Slot.objects.order_by("pk")] == [0, 1]
    clerk, stranger = clerk_of(store), clerk_of(other, name="stranger")
    with pytest.raises(VoucherNotThisDay):
        verify(code=voucher["shown_code"], clerk=clerk, now=clock.now())
    then = later.starts_at - timedelta(minutes=30)
    with pytest.raises(OtherStore):
        verify(code=voucher["shown_code"], clerk=stranger, now=then)
    assert Voucher.objects.get().status == "ready"
    found, _store = look_up(code=voucher["shown_code"].lower(), clerk=clerk, now=then)
    assert (found.title, found.store) == ("茶艺体验", store)
    done, _found = verify(code=voucher["shown_code"], clerk=clerk, now=then)
    assert (done.kind, done.reference, Voucher.objects.get().store_code) == ("service", voucher["number"], "WULIN")
    for _again in range(2):
        with pytest.raises(AlreadyVerified):
            verify(code=voucher["shown_code"], clerk=clerk, now=then)
    assert Verification.objects.count() == 1
    with pytest.raises(UsedAlready):
        ask(order, kind=Kind.REFUND)
    undo(verification_id=done.pk, staff=clerk.staff, reason="wrong guest", now=then)
    assert Voucher.objects.get().status == "ready"
    assert_lawful()


def test_a_booking_has_deadlines(member, rich):
    reward, slot = bookable(starts_in=30 * HOUR, reschedule_hours=24, cancel_hours=36)
    other = make_slot(slot.resource, starts_at=slot.starts_at + DAY)
    voucher = redeemed(rich, reward, slot=slot) and mine(rich)[0]
    address = f"{API}me/vouchers/{voucher['id']}/booking"
    assert rich.delete(address).json()["code"] == "booking_too_late_to_cancel"
    assert not voucher["refundable"]
    assert rich.put(address, {"slot_id": other.pk}).json()["slot"]["id"] == other.pk
    assert rich.put(address, {"slot_id": other.pk}).status_code == 200
    assert rich.delete(address).json()["slot"] is None
    assert [each.booked for each in Slot.objects.order_by("pk")] == [0, 0]
    soon = make_slot(slot.resource, starts_at=clock.now() + 2 * HOUR)
    assert rich.put(address, {"slot_id": soon.pk}).json()["slot"]["id"] == soon.pk
    assert rich.put(address, {"slot_id": other.pk}).json()["code"] == "booking_too_late_to_move"
    Slot.objects.filter(pk=other.pk).update(booked=1)
    assert mine(rich)[0]["slot"]["id"] == soon.pk


def test_a_full_a_closed_and_a_foreign_slot_take_nobody(member, rich):
    reward, slot = bookable(capacity=1)
    _other, foreign = bookable()
    redeemed(rich, reward, slot=slot)
    closed = make_slot(slot.resource, starts_at=slot.starts_at + DAY)
    Slot.objects.filter(pk=closed.pk).update(is_closed=True)
    codes = [place(rich, asked(reward, slot=each)).json()["code"] for each in (slot, closed, foreign)]
    assert codes == ["slot_taken", "slot_not_found", "slot_not_found"]
    assert (available(member), Order.objects.count()) == (12_000, 1)
    assert_lawful()


def test_a_service_may_be_booked_after_it_was_redeemed(member, rich):
    reward, slot = bookable()
    redeemed(rich, reward)
    [voucher] = mine(rich)
    assert voucher["needs_booking"]
    with pytest.raises(VoucherNotBooked):
        verify(code=voucher["shown_code"], clerk=clerk_of(make_store()), now=clock.now())
    slots = rich.get(f"{API}points/rewards/{reward.pk}/slots").json()["items"]
    assert [(each["id"], each["left"]) for each in slots] == [(slot.pk, 1)]
    assert rich.put(f"{API}me/vouchers/{voucher['id']}/booking", {"slot_id": slot.pk}).status_code == 200
    plain = live_reward(kind="service", points=100)
    redeemed(rich, plain)
    assert not mine(rich)[0]["needs_booking"]
    assert rich.put(f"{API}me/vouchers/{mine(rich)[0]['id']}/booking", {"slot_id": slot.pk}).json()["code"] == (
        "reward_nothing_to_book"
    )


def test_an_unpaid_booking_gives_its_place_back(member, rich):
    reward, slot = bookable(points=100, price_fen=990)
    order = redeemed(rich, reward, slot=slot)
    assert (Slot.objects.get().booked, Voucher.objects.count()) == (1, 0)
    assert_lawful()
    expire_unpaid_orders(now=order.expires_at)
    assert (Slot.objects.get().booked, available(member)) == (0, 20_000)
    assert_lawful()


def test_what_needs_no_parcel_is_sent_nowhere(member, rich):
    order = redeemed(rich, live_reward(kind="code", points=100, price_fen=990))
    to = {"name": "林小满", "phone": "+8613800138000", "region_code": "330106", "detail": "文三路 478 号"}
    with pytest.raises(RecipientNotChangeable):
        change_recipient(number=order.number, **to, reason="moved", actor=CLERK, now=clock.now())
    settle_payment(order)
    deliver_facts()
    order.refresh_from_db()
    assert (order.status, order.recipient, mine(rich)[0]["status"]) == ("completed", None, "ready")


def test_a_refund_of_a_service_frees_its_place_and_splits_money_and_points(member, rich):
    reward, slot = bookable(points=100, price_fen=990, capacity=3)
    order = settle_payment(redeemed(rich, reward, 2, slot=slot))
    deliver_facts()
    order.refresh_from_db()
    assert (order.status, Slot.objects.get().booked) == ("completed", 2)
    one = refunded(order)
    assert (one.refund_fen, one.refund_points, Slot.objects.get().booked) == (990, 100, 1)
    assert sorted(each["status"] for each in mine(rich)) == ["cancelled", "ready"]
    assert_lawful()


def test_a_code_is_sealed_shown_to_its_owner_and_never_taken_back_after_that(member, rich):
    reward = live_reward(kind="code", codes=2)
    assert not RewardCode.objects.filter(sealed__contains=b"FILM").exists()
    order = redeemed(rich, reward)
    [voucher] = mine(rich)
    assert (voucher["status"], voucher["refundable"], order.status) == ("ready", True, "completed")
    shown = rich.post(f"{API}me/vouchers/{voucher['id']}/reveal")
    assert (shown.json()["code"], shown["Cache-Control"]) == (f"FILM-{reward.pk}-0", "no-store")
    assert rich.post(f"{API}me/vouchers/{voucher['id']}/reveal").json() == shown.json()
    assert CodeReveal.objects.count() == 2
    stranger = client_for(MemberFactory())
    assert stranger.post(f"{API}me/vouchers/{voucher['id']}/reveal").status_code == 404
    body = {"kind": "refund", "lines": [{"line_id": order.lines.get().pk, "quantity": 1}], "reason": "unwanted"}
    answer = rich.post(f"{API}orders/{order.number}/after-sales/preview", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "reward_used_already")
    with pytest.raises(UsedAlready):
        ask(order, kind=Kind.REFUND)
    assert (AfterSale.objects.count(), available(member)) == (0, 12_000)
    assert_lawful()


def test_a_code_that_nobody_saw_comes_back_to_the_pool(member, rich):
    reward = live_reward(kind="code", codes=1)
    order = redeemed(rich, reward)
    [voucher] = mine(rich)
    waiting = ask(order, kind=Kind.REFUND)
    answer = rich.post(f"{API}me/vouchers/{voucher['id']}/reveal")
    assert (answer.status_code, answer.json()["code"]) == (409, "voucher_not_usable")
    after_sales.refuse(number=waiting.number, answer="no", actor=CLERK, now=clock.now())
    assert mine(rich)[0]["status"] == "ready"
    refunded(order)
    assert (mine(rich)[0]["status"], available(member), Reward.objects.get().left) == ("cancelled", 20_000, 1)
    assert Redemption.objects.get().status == "returned"
    redeemed(rich, reward)
    assert [each["status"] for each in mine(rich)] == ["ready", "cancelled"]
    assert_lawful()


def test_codes_are_imported_once_and_leave_the_pool_when_they_expire(member, rich):
    reward, other = live_reward(kind="code", codes=1), live_reward(kind="code", codes=1)
    now = clock.now()
    found = import_codes(
        reward_id=reward.pk, codes=["A", "B", "A", f"FILM-{other.pk}-0"], expires_at=now + HOUR, now=now
    )
    assert (found.added, found.known, Reward.objects.get(pk=reward.pk).quota) == (2, [2, 3], 3)
    # What expires first is given first.
    redeemed(rich, reward)
    assert retire_codes(now=now + HOUR) == 1
    assert (Reward.objects.get(pk=reward.pk).quota, Reward.objects.get(pk=reward.pk).left) == (2, 1)
    assert retire_codes(now=now + HOUR) == 0
    assert_lawful()


def test_looks_at_codes_are_limited(member, rich):
    set_preference(REVEALS_PER_HOUR, 2)
    redeemed(rich, live_reward(kind="code"))
    address = f"{API}me/vouchers/{mine(rich)[0]['id']}/reveal"
    # Keys of other tests' members are in the same Redis.
    key = f"lantern:rate:mall.reveal:{member.pk}"
    rate_limits._connection().delete(key)
    answers = [rich.post(address) for _ in range(3)]
    rate_limits._connection().delete(key)
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert (CodeReveal.objects.count(), answers[2].json()["code"]) == (2, "rate_limited")


@pytest.fixture
def template(db):
    return make_live_template(way="reward", total_limit=2, per_member_limit=None)


def test_coupons_are_given_at_once_and_taken_back_unused(member, rich, template):
    reward = live_reward(kind="coupon", points=100, template=template)
    order = redeemed(rich, reward, 2)
    assert (order.status, available(member), Redemption.objects.get().status) == ("completed", 19_800, "given")
    assert {each.status for each in Coupon.objects.filter(member=member)} == {"unused"}
    waiting = ask(order, {0: 1}, kind=Kind.REFUND)
    assert sorted(each.status for each in Coupon.objects.all()) == ["locked", "unused"]
    after_sales.refuse(number=waiting.number, answer="no", actor=CLERK, now=clock.now())
    assert {each.status for each in Coupon.objects.all()} == {"unused"}
    refunded(order)
    assert (sorted(each.status for each in Coupon.objects.all()), available(member)) == (["unused", "void"], 19_900)
    Coupon.objects.filter(status="unused").update(status="used", order_number="D1", used_at=clock.now())
    with pytest.raises(UsedAlready):
        ask(order, kind=Kind.REFUND)
    assert_lawful()


def test_coupons_that_are_gone_are_refused_before_and_paid_back_after(member, rich, template):
    reward = live_reward(kind="coupon", points=100, price_fen=990, template=template)
    assert quote(rich, asked(reward, 3)).json()["code"] == "reward_sold_out"
    order = redeemed(rich, reward, 2)
    CouponTemplate.objects.update(total_limit=1)
    settle_payment(order)
    deliver_facts()
    [back] = AfterSale.objects.all()
    assert (back.refund_fen, back.refund_points, Coupon.objects.count()) == (1980, 200, 0)
    # The member reads why, not a code.
    assert back.description == "该兑换商品已无法发放。"
    money_arrives(back)
    order.refresh_from_db()
    assert (order.status, available(member), Redemption.objects.get().status) == ("refunded", 20_000, "returned")
    assert_lawful()


def test_nothing_is_asked_back_while_it_is_being_given(member, rich):
    reward = live_reward(kind="code", points=100, price_fen=990)
    order = settle_payment(Order.objects.get(number=place(rich, asked(reward)).json()["number"]))
    with pytest.raises(RewardStillComing):
        ask(order, kind=Kind.REFUND)
    deliver_facts()
    assert ask(order, kind=Kind.REFUND).refund_fen == 990


def test_codes_that_are_none_are_guesses(db):
    clerk = clerk_of(make_store())
    with pytest.raises(CodeUnknown):
        verify(code="V-2345-6789-ABCD", clerk=clerk, now=clock.now())


def test_what_expired_is_not_used(member, rich):
    reward = live_reward(kind="service", valid_days=1)
    redeemed(rich, reward)
    voucher = Voucher.objects.get()
    code = mine(rich)[0]["shown_code"]
    with pytest.raises(VoucherNotUsable):
        verify(code=code, clerk=clerk_of(make_store()), now=voucher.valid_until)
    with clock.fixed(voucher.valid_until):
        assert (mine(rich)[0]["status"], mine(rich)[0]["shown_code"]) == ("expired", "")


@pytest.mark.parametrize("booked_at_once", [True, False])
def test_a_booked_time_outlives_its_voucher(member, rich, booked_at_once):
    """With the hour after it in which members may come late; so does what is undone."""
    reward, slot = bookable(valid_days=1 if booked_at_once else 5)
    redeemed(rich, reward, **({"slot": slot} if booked_at_once else {}))
    voucher, clerk = Voucher.objects.get(), clerk_of(make_store())
    if not booked_at_once:
        slot = make_slot(slot.resource, starts_at=voucher.valid_until - HOUR / 2)
        book(voucher_id=voucher.pk, member_id=member.pk, slot_id=slot.pk, now=clock.now())
    late = slot.ends_at + HOUR / 2
    assert (late >= voucher.valid_until, expire_vouchers(now=late), note_no_shows(now=late)) == (True, 0, 0)
    with clock.fixed(late):
        [shown] = mine(rich)
    assert (shown["status"], bool(shown["shown_code"])) == ("ready", True)
    done, _found = verify(code=shown["shown_code"], clerk=clerk, now=late)
    undo(verification_id=done.pk, staff=clerk.staff, reason="wrong guest", now=late)
    assert Voucher.objects.get().status == "ready"
    with pytest.raises(VoucherNotThisDay):
        verify(code=shown["shown_code"], clerk=clerk, now=slot.ends_at + HOUR)


def test_what_belongs_to_a_store_that_is_gone_is_used_nowhere(member, rich):
    reward, slot = bookable()
    slot.resource.store_code = "GONE"
    slot.resource.save()
    redeemed(rich, reward, slot=slot)
    code, clerk = mine(rich)[0]["shown_code"], clerk_of(make_store())
    with pytest.raises(OtherStore):
        verify(code=code, clerk=clerk, now=slot.starts_at)
    assert (Voucher.objects.get().status, Verification.objects.count()) == ("ready", 0)
