"""Every limit of the points mall holds however many come at once; each control, without its guard, does not."""

from contextlib import suppress
from threading import Barrier, Event

import pytest
from django.db import OperationalError, transaction
from django.db.models import F

from logistics.network.tests.factories import make_store
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.tests.making import ask
from orders.verification.services.verifying import verify
from orders.verification.tests.making import clerk_of
from points.mall.errors import RewardSoldOut, UsedAlready
from points.mall.invariants import LAWS
from points.mall.models import CodeReveal, Redemption, Reward, RewardCode, Slot, Voucher, VoucherStatus, Zone
from points.mall.sealing import BOX, shown_code
from points.mall.services.calling_off import call_off_slot
from points.mall.services.codes import import_codes
from points.mall.services.using import release_reward
from points.mall.services.vouchers import book, reveal
from points.mall.tests.making import DAY, bookable, claimed, give_points, live_reward, make_slot, redeemed
from shop.core import clock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work, use_case
from tests.concurrency.racing import run_together, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
CROWD, THERE_ARE = 50, 7


@use_case
def claim(*, order, member, reward, slot=None):
    return claimed(reward, member, order=order, slot=slot)


def looker(gate, counted):
    """The twin without guards: it counts, waits until all have counted, and takes."""

    def look_and_leap(*, order, member, reward, slot=None):
        there = Redemption.objects.filter(**counted).count() < THERE_ARE
        gate.wait()
        if there:
            Redemption.objects.create(
                order_number=order,
                member=member,
                reward=reward,
                zone=reward.zone,
                slot=slot,
                units=1,
                points=reward.points,
                price_fen=0,
                period_start=clock.business_day(clock.now()),
                redeemed_at=clock.now(),
            )

    return look_and_leap


def quota():
    return live_reward(quota=THERE_ARE), None, "reward"


def pool():
    return live_reward(zone=Zone.objects.create(name="中秋", pool=THERE_ARE)), None, "zone"


def places():
    reward, slot = bookable(capacity=THERE_ARE)
    return reward, slot, "slot"


def of_a_member():
    return live_reward(limit_per_member=THERE_ARE), None, "member"


def of_a_period():
    return live_reward(limit_per_period=THERE_ARE, period="week"), None, "member"


@pytest.mark.parametrize("limit", [quota, pool, places, of_a_member, of_a_period])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_crowd_takes_exactly_what_there_is(limit, guarded):
    reward, slot, what = limit()
    one = MemberFactory()
    members = [one if what == "member" else MemberFactory() for _ in range(CROWD)]
    counted = {what: {"reward": reward, "zone": reward.zone, "slot": slot, "member": one}[what]}
    take = claim if guarded else looker(Barrier(CROWD, timeout=30), counted)
    run_together(
        *[
            lambda n=n, member=member: take(order=f"D{n}", member=member, reward=reward, slot=slot)
            for n, member in enumerate(members)
        ]
    )
    if not guarded:
        assert Redemption.objects.count() == CROWD
        assert any(law() for law in LAWS)
        return
    assert Redemption.objects.count() == THERE_ARE
    assert [found for law in LAWS if (found := law())] == []


def test_what_is_given_up_while_others_take_is_counted_once():
    reward, slot = bookable(capacity=4, quota=4, zone=Zone.objects.create(name="中秋", pool=4))
    members = [MemberFactory() for _ in range(8)]
    for n in range(4):
        claim(order=f"A{n}", member=members[n], reward=reward, slot=slot)

    @use_case
    def give_up(n):
        return release_reward(order_number=f"A{n}", now=clock.now())

    answers = run_together(
        *[lambda n=n: give_up(n % 2) for n in range(4)],
        *[lambda n=n: claim(order=f"B{n}", member=members[n], reward=reward, slot=slot) for n in range(4, 8)],
    )
    assert sorted(each for each in answers if isinstance(each, int)) == [0, 0, 1, 1]
    assert Slot.objects.get().booked <= 4
    assert [found for law in LAWS if (found := law())] == []


def test_a_pool_of_100_codes_under_300_parallel_buyers_gives_100_distinct_codes():
    """Ten at each of thirty doors, all of which open at once."""
    reward = live_reward(kind="code", codes=100)
    buyers = Member.objects.bulk_create(
        Member(nickname=f"N{n}", invite_code=f"M{n:07d}", joined_at=clock.now()) for n in range(300)
    )

    def door(number):
        got = 0
        for member in buyers[number * 10 : number * 10 + 10]:
            with suppress(RewardSoldOut):
                claim(order=f"D{member.pk}", member=member, reward=reward)
                got += 1
        return got

    answers = run_together(*[lambda n=n: door(n) for n in range(30)])
    assert sum(answers) == 100
    taken = RewardCode.objects.filter(redemption__isnull=False).values_list("redemption", flat=True)
    assert (len(taken), len(set(taken))) == (100, 100)
    assert [found for law in LAWS if (found := law())] == []


@pytest.mark.parametrize("guarded", [True, False])
def test_two_buyers_are_given_two_codes(guarded):
    """The control looks for a free code, and takes it when the other has looked too."""
    reward, gate, members = live_reward(kind="code", codes=2), Barrier(2, timeout=30), MemberFactory.create_batch(2)

    def look_and_leap(*, order, member, reward):
        code = RewardCode.objects.filter(reward=reward, redemption=None).order_by("pk").first()
        gate.wait()
        with transaction.atomic():
            mine = Redemption.objects.create(
                order_number=order,
                member=member,
                reward=reward,
                units=1,
                points=reward.points,
                price_fen=0,
                period_start=clock.business_day(clock.now()),
                redeemed_at=clock.now(),
            )
            RewardCode.objects.filter(pk=code.pk).update(redemption=mine)
            Reward.objects.filter(pk=reward.pk).update(taken=F("taken") + 1)

    take = claim if guarded else look_and_leap
    run_together(*[lambda each=each: take(order=f"D{each.pk}", member=each, reward=reward) for each in members])
    assert (Redemption.objects.count(), Reward.objects.get().taken) == (2, 2)
    assert RewardCode.objects.filter(redemption__isnull=False).count() == (2 if guarded else 1)
    assert (not any(law() for law in LAWS)) is guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_the_same_codes_in_the_opposite_order_come_to_one_of_two_rewards(guarded):
    """The control brings the first of its codes, waits until the other has too, and brings the rest."""
    rewards, gate = [live_reward(kind="code", codes=1) for _ in range(2)], Barrier(2, timeout=30)
    codes = [f"C{n}" for n in range(3000)]

    def write(reward, some):
        keys = [BOX.fingerprint(each) for each in some]
        rows = [RewardCode(reward=reward, sealed=b"x", fingerprint=each, imported_at=clock.now()) for each in keys]
        RewardCode.objects.bulk_create(rows, ignore_conflicts=True)

    def bring(reward, codes):
        if guarded:
            return import_codes(reward_id=reward.pk, codes=codes, expires_at=None, now=clock.now()).added
        with transaction.atomic():
            write(reward, codes[:1])
            gate.wait()
            write(reward, codes[1:])
        return 1

    one, two = rewards
    answers = run_together(lambda: bring(one, codes), lambda: bring(two, codes[::-1]))
    if not guarded:
        assert [type(each) for each in answers if isinstance(each, Exception)] == [OperationalError]
        return
    assert sorted(answers) == [0, 3000]
    assert [found for law in LAWS if (found := law())] == []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_code_is_seen_or_its_money_goes_back_never_both(member, guarded):
    give_points(member, 8000)
    order = redeemed(client_for(member), live_reward(kind="code"))
    voucher, gate = Voucher.objects.get(), Barrier(2, timeout=30)

    def look():
        if guarded:
            reveal(voucher_id=voucher.pk, member_id=member.pk, actor=Actor.member(1), address=None, now=clock.now())
        elif Voucher.objects.get().status == VoucherStatus.READY:
            gate.wait()
            CodeReveal.objects.create(voucher=voucher, actor="x", revealed_at=clock.now())

    def ask_back():
        if guarded:
            ask(order, kind=Kind.REFUND)
        elif Voucher.objects.get().status == VoucherStatus.READY:
            gate.wait()
            Voucher.objects.update(status=VoucherStatus.FROZEN)

    answers = run_together(look, ask_back)
    seen, frozen = CodeReveal.objects.exists(), Voucher.objects.get().status == VoucherStatus.FROZEN
    assert (seen and frozen) is not guarded
    if guarded:
        assert AfterSale.objects.exists() is frozen
        assert sum(isinstance(each, Exception) for each in answers) == 1
        assert frozen or isinstance(answers[1], UsedAlready)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_voucher_is_used_once_by_eight_clerks(member, guarded):
    give_points(member, 8000)
    redeemed(client_for(member), live_reward(kind="service"))
    code, store, gate = shown_code(Voucher.objects.get().number), make_store(), Barrier(8, timeout=30)
    clerks = [clerk_of(store, name=f"clerk{n}") for n in range(8)]

    def use(clerk):
        if guarded:
            return verify(code=code, clerk=clerk, now=clock.now())[0].pk
        ready = Voucher.objects.filter(status=VoucherStatus.READY).exists()
        gate.wait()
        return ready

    answers = run_together(*[lambda clerk=clerk: use(clerk) for clerk in clerks])
    used = [each for each in answers if not isinstance(each, Exception)]
    assert len(used) == (1 if guarded else 8)


@pytest.mark.parametrize("guarded", [True, False])
def test_the_last_place_is_booked_by_one_voucher(guarded):
    reward, slot = bookable(starts_in=5 * DAY, capacity=6)
    last = make_slot(slot.resource, starts_at=slot.starts_at + DAY)
    for _voucher in range(6):
        member = MemberFactory()
        give_points(member, 8000)
        redeemed(client_for(member), reward, slot=slot)
    vouchers, gate = list(Voucher.objects.order_by("pk")), Barrier(6, timeout=30)

    def move(voucher):
        if guarded:
            book(voucher_id=voucher.pk, member_id=voucher.member_id, slot_id=last.pk, now=clock.now())
            return
        free = Slot.objects.get(pk=last.pk).left > 0
        gate.wait()
        if free:
            with transaction.atomic():
                Voucher.objects.filter(pk=voucher.pk).update(slot=last)
                Slot.objects.filter(pk=slot.pk).update(booked=F("booked") - 1)

    run_together(*[lambda voucher=voucher: move(voucher) for voucher in vouchers])
    assert Voucher.objects.filter(slot=last).count() == (1 if guarded else 6)
    assert (not any(law() for law in LAWS)) is guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_a_time_that_is_called_off_has_nobody_in_it_who_came_meanwhile(member, guarded):
    """Somebody has taken a place and not committed it when the shop calls the time off."""
    reward, slot = bookable(capacity=4)
    give_points(member, 8000)
    redeemed(client_for(member), reward, slot=slot)
    late, has_come = MemberFactory(), Event()

    def come():
        with unit_of_work():
            claimed(reward, late, slot=slot)
            has_come.set()
            until_somebody_waits()

    def call_off():
        assert has_come.wait(30)
        if guarded:
            return call_off_slot(slot_id=slot.pk, reason="ill", now=clock.now())
        # The twin looks for who is there before it closes.
        with unit_of_work():
            found = list(Redemption.objects.filter(slot=slot, status="held"))
            Slot.objects.filter(pk=slot.pk).update(is_closed=True)
            Redemption.objects.filter(pk__in=[each.pk for each in found]).update(slot=None)
            return 1

    assert run_together(come, call_off)[1] == 1
    assert Redemption.objects.filter(slot=slot, status="held").exists() is not guarded
    assert Slot.objects.get().is_closed
    if guarded:
        assert (Slot.objects.get().booked, [law() for law in LAWS if law()]) == (0, [])
