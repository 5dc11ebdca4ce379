"""What the clock does to bookings, vouchers and codes, and whom it warns."""

import pytest

from members.identity.tests.factories import client_for
from members.notifications.models import Notification
from orders.after_sales import services as after_sales
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.tests.making import CLERK, ask, deliver_facts, money_arrives, settle_payment
from orders.checkout.models import Order
from orders.checkout.tests.making import place
from points.mall.errors import VoucherNotUsable
from points.mall.jobs import sweep
from points.mall.models import Redemption, Reward, RewardCode, Slot, Voucher
from points.mall.services.calling_off import call_off_slot
from points.mall.services.codes import import_codes, retire_codes
from points.mall.services.desk import extend_voucher, forgive_no_show
from points.mall.services.sweeping import expire_vouchers, note_no_shows, remind_members
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
from points.mall.watching import refresh_alerts
from shop.catalog.models import SkuStock
from shop.core import clock
from shop.core.models import Alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich(member):
    give_points(member, 20_000)
    return client_for(member)


def told(member):
    mine = Notification.objects.filter(member=member, event__startswith="voucher").order_by("pk")
    return list(mine.values_list("event", flat=True))


@pytest.mark.parametrize(("policy", "status", "booked"), [("forfeit", "no_show", 1), ("rebook", "ready", 0)])
def test_who_does_not_come_is_dealt_with_as_the_reward_says(member, rich, policy, status, booked):
    reward, slot = bookable(no_show=policy)
    redeemed(rich, reward, slot=slot)
    assert note_no_shows(now=slot.ends_at + HOUR - DAY / 86400) == 0
    assert note_no_shows(now=slot.ends_at + HOUR) == 1
    voucher = Voucher.objects.get()
    assert (voucher.status, voucher.no_shows, Slot.objects.get().booked) == (status, 1, booked)
    assert note_no_shows(now=slot.ends_at + HOUR) == 0
    assert told(member)[-1] == "voucher_booking_missed"
    assert_lawful()
    if policy == "rebook":
        with pytest.raises(VoucherNotUsable):
            forgive_no_show(voucher_id=voucher.pk)
        return
    later = make_slot(slot.resource, starts_at=slot.starts_at + DAY)
    assert rich.put(f"/api/v1/me/vouchers/{voucher.pk}/booking", {"slot_id": later.pk}).status_code == 409
    forgive_no_show(voucher_id=voucher.pk)
    assert rich.put(f"/api/v1/me/vouchers/{voucher.pk}/booking", {"slot_id": later.pk}).status_code == 200
    assert_lawful()


def test_vouchers_expire_and_staff_extend_them(member, rich):
    redeemed(rich, live_reward(kind="service", valid_days=3))
    voucher = Voucher.objects.get()
    assert expire_vouchers(now=voucher.valid_until - HOUR) == 0
    assert (expire_vouchers(now=voucher.valid_until), Voucher.objects.get().status) == (1, "expired")
    extended = extend_voucher(voucher_id=voucher.pk, days=5, now=voucher.valid_until)
    assert (extended.status, extended.valid_until) == ("ready", voucher.valid_until + 6 * DAY)
    redeemed(rich, live_reward(kind="code"))
    with pytest.raises(VoucherNotUsable):
        extend_voucher(voucher_id=Voucher.objects.latest("pk").pk, days=5, now=clock.now())


def test_members_are_reminded_once(member, rich):
    reward, slot = bookable(starts_in=3 * DAY)
    redeemed(rich, reward, slot=slot)
    redeemed(rich, live_reward(kind="service", valid_days=3))
    unbooked = Voucher.objects.get(slot=None)
    assert remind_members(now=slot.starts_at - 25 * HOUR) == 0
    assert remind_members(now=slot.starts_at - 24 * HOUR) == 1
    assert remind_members(now=unbooked.valid_until - HOUR) == 1
    assert remind_members(now=unbooked.valid_until - HOUR) == 0
    assert told(member) == ["voucher_given", "voucher_given", "voucher_booking_soon", "voucher_expiring"]


def test_the_shop_is_warned_of_what_runs_out_and_of_codes_that_expire(member, rich):
    now = clock.now()
    scarce = live_reward(kind="code", codes=2, low_at=2)
    import_codes(reward_id=scarce.pk, codes=["SOON"], expires_at=now + 3 * DAY, now=now)
    assert refresh_alerts(now=now) == 0
    assert [each.data for each in Alert.objects.all()] == [{"count": 1, "reward": "陶瓷茶杯", "days": 14}]
    redeemed(rich, scarce)
    redeemed(rich, scarce)
    assert refresh_alerts(now=now) == 1
    assert [each.data for each in Alert.objects.all()] == [{"left": 1, "reward": "陶瓷茶杯"}]
    import_codes(reward_id=scarce.pk, codes=["MORE"], expires_at=None, now=now)
    # Ten units of the goods lie in stock, of which two are kept back.
    goods = live_reward(low_at=9)
    assert refresh_alerts(now=now) == 0
    SkuStock.objects.filter(sku=goods.sku).update(safety_stock=2)
    assert refresh_alerts(now=now) == 1
    assert [each.data for each in Alert.objects.all()] == [{"left": 8, "reward": "陶瓷茶杯"}]
    Reward.objects.filter(pk=goods.pk).update(quota=100, low_at=8)
    Reward.objects.update(status="live")
    sweep()
    assert Alert.objects.count() == 0


def test_members_are_told_of_a_time_that_is_called_off_and_choose_another_one(member, rich):
    reward, slot = bookable(starts_in=3 * DAY, capacity=4, valid_days=3, reschedule_hours=100)
    redeemed(rich, reward, 2, slot=slot)
    unpaid, place_left = live_reward(kind="service", resource=slot.resource, price_fen=990, points=100), slot.pk
    order = redeemed(rich, unpaid, slot=slot)
    assert call_off_slot(slot_id=slot.pk, reason="茶艺师病了", now=clock.now()) == 2
    slot.refresh_from_db()
    assert (slot.is_closed, slot.booked) == (True, 0)
    assert {each.slot for each in Voucher.objects.all()} == {None}
    assert told(member) == ["voucher_given", "voucher_booking_called_off", "voucher_booking_called_off"]
    later = make_slot(slot.resource, starts_at=clock.now() + 10 * DAY, capacity=4)
    for voucher in Voucher.objects.all():
        booked = rich.put(f"/api/v1/me/vouchers/{voucher.pk}/booking", {"slot_id": later.pk})
        assert booked.json()["slot"]["id"] == later.pk
    settle_payment(order)
    deliver_facts()
    assert Voucher.objects.latest("pk").slot is None
    assert call_off_slot(slot_id=place_left, reason="茶艺师病了", now=clock.now()) == 0
    assert_lawful()


@pytest.mark.parametrize("there_are", [0, 1])
def test_a_code_that_expires_before_it_is_paid_is_replaced_or_its_order_paid_back(member, rich, there_are):
    reward = live_reward(kind="code", codes=1, points=100, price_fen=990)
    now = clock.now()
    RewardCode.objects.update(expires_at=now + HOUR / 6)
    order = Order.objects.get(number=place(rich, asked(reward)).json()["number"])
    if there_are:
        import_codes(reward_id=reward.pk, codes=["LATER"], expires_at=None, now=now)
    with clock.fixed(now + HOUR / 3):
        settle_payment(order)
        deliver_facts()
        found = rich.get("/api/v1/me/vouchers").json()["items"]
    order.refresh_from_db()
    reward.refresh_from_db()
    if there_are:
        assert (order.status, [each["status"] for each in found]) == ("completed", ["ready"])
        assert (Voucher.objects.get().valid_until, reward.quota, reward.taken) == (None, 1, 1)
    else:
        [back] = AfterSale.objects.all()
        assert (back.refund_fen, back.refund_points, found) == (990, 100, [])
        money_arrives(back)
        assert retire_codes(now=now + HOUR / 3) == 1
        reward.refresh_from_db()
        assert (Redemption.objects.get().status, reward.quota, reward.taken) == ("returned", 0, 0)
    assert_lawful()


def test_what_waits_for_money_gets_a_code_that_lives_long_enough_where_there_is_one(member, rich):
    reward = live_reward(kind="code", codes=1, points=100, price_fen=990)
    now = clock.now()
    import_codes(reward_id=reward.pk, codes=["SOON"], expires_at=now + HOUR, now=now)
    got = [Order.objects.get(number=place(rich, asked(reward)).json()["number"]) for _ in range(2)]
    ends = [RewardCode.objects.get(redemption__order_number=order.number).expires_at for order in got]
    assert ends == [None, now + HOUR]


def test_extending_never_shortens(member, rich):
    redeemed(rich, live_reward(kind="service", valid_days=90))
    voucher = Voucher.objects.get()
    extended = extend_voucher(voucher_id=voucher.pk, days=30, now=clock.now())
    assert extended.valid_until == voucher.valid_until
    extended = extend_voucher(voucher_id=voucher.pk, days=91, now=voucher.issued_at)
    assert extended.valid_until == voucher.valid_until + DAY


@pytest.mark.parametrize("has_begun", [True, False])
def test_who_was_refused_money_books_again_what_began_meanwhile(member, rich, has_begun):
    reward, slot = bookable(no_show="forfeit", valid_days=30)
    order = redeemed(rich, reward, slot=slot)
    voucher, waiting = Voucher.objects.get(), ask(order, kind=Kind.REFUND)
    answered = slot.ends_at + 2 * HOUR if has_begun else slot.starts_at - HOUR
    assert note_no_shows(now=answered) == 0
    after_sales.refuse(number=waiting.number, answer="no", actor=CLERK, now=answered)
    assert note_no_shows(now=slot.ends_at + HOUR / 2) == 0
    after = Voucher.objects.get()
    assert (after.status, after.slot) == ("ready", None if has_begun else slot)
    assert after.valid_until - voucher.valid_until == answered - waiting.asked_at
    assert Slot.objects.get().booked == (0 if has_begun else 1)
    assert_lawful()
