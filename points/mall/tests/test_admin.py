"""The merchant's screens of the points mall, clicked through with the test client."""

from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from logistics.network.tests.factories import make_store
from members.identity.tests.factories import client_for
from points.mall.admin.rewards import ZoneAdmin
from points.mall.invariants import LAWS
from points.mall.models import Resource, Reward, RewardCode, Slot, Voucher, Zone
from points.mall.tests.making import (
    DAY,
    assert_lawful,
    bookable,
    claimed,
    give_points,
    live_reward,
    make_tier,
    redeemed,
)
from promotions.coupons.tests.making import make_live_template
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock
from shop.core.clock import business_day
from shop.core.editing import ModelAdmin
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together, until_somebody_waits

# Unfold's screens write in transactions of their own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(admin_client):
    return admin_client


def page(name, *args):
    return reverse(f"admin:mall_{name}", args=args)


def typed(sku, **fields):
    return {
        "kind": "goods",
        "name": "陶瓷茶杯",
        "sku": sku.pk,
        "position": 0,
        "points": 8000,
        "price_fen": "9.90",
        "period": "month",
        "valid_days": 90,
        "reschedule_hours": 24,
        "cancel_hours": 24,
        "no_show": "forfeit",
        "prices-TOTAL_FORMS": 0,
        "prices-INITIAL_FORMS": 0,
        "coupon-TOTAL_FORMS": 0,
        "coupon-INITIAL_FORMS": 0,
        **fields,
    }


def test_a_reward_is_made_step_by_step_and_goes_live(desk, member):
    assert desk.get(page("reward_add")).url == page("reward_kind")
    assert desk.post(page("reward_kind"), {"kind": "goods"}).url == f"{page('reward_add')}?kind=goods"
    tier = make_tier(member)
    prices = {"prices-TOTAL_FORMS": 1, "prices-0-tier": tier.pk, "prices-0-points": 5000, "prices-0-price_fen": ""}
    sent = typed(SkuFactory(), tiers=[tier.pk], **prices)
    answer = desk.post(f"{page('reward_add')}?kind=goods", sent)
    reward = Reward.objects.get()
    assert answer.url == page("reward_change", reward.pk)
    assert (reward.status, reward.price_fen, reward.tier_ids, reward.prices.get().points) == (
        "draft",
        990,
        [tier.pk],
        5000,
    )
    assert desk.get(page("reward_publish", reward.pk)).status_code == 200
    desk.post(page("reward_publish", reward.pk), {"do": "publish"})
    assert Reward.objects.get().status == "live"
    # What is live is looked at.
    desk.post(page("reward_change", reward.pk), {**sent, "name": "别的"})
    assert Reward.objects.get().name == "陶瓷茶杯"
    desk.post(page("reward_pause", reward.pk), {"do": "pause"})
    assert Reward.objects.get().status == "paused"


def test_a_sku_of_another_kind_and_too_much_money_are_refused(desk):
    service = SkuFactory(product=ProductFactory(kind="service"))
    desk.post(f"{page('reward_add')}?kind=goods", typed(service))
    desk.post(f"{page('reward_add')}?kind=goods", typed(SkuFactory(price_fen=100)))
    assert Reward.objects.count() == 0


def test_codes_are_imported_from_a_file_and_needed_to_go_live(desk):
    sku = SkuFactory(product=ProductFactory(kind="virtual", on_shelf=False))
    desk.post(f"{page('reward_add')}?kind=code", typed(sku, kind="code"))
    reward = Reward.objects.get()
    desk.post(page("reward_publish", reward.pk), {"do": "publish"})
    assert Reward.objects.get().status == "draft"
    desk.post(page("reward_codes", reward.pk), {"codes": "AAA\nCCC"})
    file = SimpleUploadedFile("codes.csv", "\ufeffAAA,1\nBBB,2\n".encode())
    desk.post(page("reward_codes", reward.pk), {"file": file})
    assert (RewardCode.objects.count(), Reward.objects.get().quota) == (3, 3)
    for wrong in (
        {"codes": ""},
        {"codes": " \n"},
        {"codes": "D", "last_day": "2001-01-01"},
        {"codes": "D", "file": file},
    ):
        file.seek(0)
        assert desk.post(page("reward_codes", reward.pk), wrong).status_code == 200
    assert RewardCode.objects.count() == 3
    desk.post(page("reward_publish", reward.pk), {"do": "publish"})
    assert Reward.objects.get().status == "live"


def test_lines_without_a_code_are_named_and_the_others_come(desk):
    reward, known = live_reward(kind="code", codes=1), live_reward(kind="code", codes=1)
    rows = ["兑换码,面值", "GOOD-1,50", ",50", "1.23E+15,50", "x" * 201, f"FILM-{known.pk}-0", "GOOD-2", "GOOD-1"]
    file = SimpleUploadedFile("codes.csv", "\n".join(rows).encode("gb18030"))
    answer = desk.post(page("reward_codes", reward.pk), {"file": file}).context["table"]["rows"]
    assert [line for line, _why in answer] == ["3", "4", "5", "6", "8"]
    assert Reward.objects.get(pk=reward.pk).quota == 3
    broken = SimpleUploadedFile("codes.csv", b"A\0B")
    assert desk.post(page("reward_codes", reward.pk), {"file": broken}).context["form"].errors
    assert RewardCode.objects.count() == 4


def test_an_import_by_mistake_is_taken_out_and_may_come_to_the_right_reward(desk, member):
    reward, right = live_reward(kind="code", codes=1), live_reward(kind="code", codes=1)
    desk.post(page("reward_codes", reward.pk), {"codes": "A\nB\nC", "last_day": "2099-01-01"})
    give_points(member, 8000)
    redeemed(client_for(member), reward)
    [_first, wrong] = RewardCode.objects.filter(reward=reward).values_list("imported_at", flat=True).distinct()
    assert RewardCode.objects.get(redemption__isnull=False).imported_at == wrong
    address = page("reward_take_out", reward.pk)
    [(_value, _untouched), (value, offered)] = desk.get(address).context["form"].fields["imported_at"].choices[::-1]
    assert (value, "2" in offered) == (wrong.isoformat(), True)
    desk.post(address, {"imported_at": wrong.isoformat()})
    assert (Reward.objects.get(pk=reward.pk).quota, Reward.objects.get(pk=reward.pk).taken) == (2, 1)
    assert desk.post(address, {"imported_at": wrong.isoformat()}).context["form"].errors
    desk.post(page("reward_codes", right.pk), {"codes": "A\nB\nC"})
    assert Reward.objects.get(pk=right.pk).quota == 3
    assert_lawful()


def test_a_reward_of_coupons_names_its_coupon(desk):
    template = make_live_template(way="reward")
    sku = SkuFactory(product=ProductFactory(kind="virtual", on_shelf=False))
    desk.post(f"{page('reward_add')}?kind=coupon", typed(sku, kind="coupon"))
    reward = Reward.objects.get()
    desk.post(page("reward_publish", reward.pk), {"do": "publish"})
    assert Reward.objects.get().status == "draft"
    part = {"coupon-TOTAL_FORMS": 1, "coupon-0-template": template.pk}
    desk.post(page("reward_change", reward.pk), typed(sku, kind="coupon", **part))
    desk.post(page("reward_publish", reward.pk), {"do": "publish"})
    assert (Reward.objects.get().status, reward.coupon.template) == ("live", template)


def test_slots_are_planned_for_many_days_and_shown_in_a_calendar(desk):
    resource = Resource.objects.create(name="一号茶席")
    today = business_day(clock.now())
    sent = {
        "first_day": today + DAY,
        "last_day": today + 7 * DAY,
        "weekdays": [1, 2, 3, 4, 5, 6, 7],
        "opens": "10:00",
        "closes": "12:30",
        "minutes": 60,
        "capacity": 4,
    }
    desk.post(page("resource_plan", resource.pk), sent)
    assert Slot.objects.count() == 14
    desk.post(page("resource_plan", resource.pk), sent)
    assert Slot.objects.count() == 14
    shown = desk.get(page("resource_calendar", resource.pk), {"from": (today + DAY).isoformat()})
    assert shown.content.decode().count("0 / 4") == 14
    assert desk.get(page("resource_calendar", resource.pk), {"from": "nonsense"}).status_code == 200
    assert desk.post(page("resource_plan", resource.pk), {**sent, "closes": "09:00"}).status_code == 200
    assert Slot.objects.count() == 14


def test_a_resource_belongs_to_a_store_that_there_is(desk):
    make_store(code="WULIN", name="武林店")
    make_store(code="SHUT", name="旧店", is_active=False)
    desk.post(page("resource_add"), {"name": "一号茶席", "store_code": "TYPO", "is_active": "on"})
    desk.post(page("resource_add"), {"name": "一号茶席", "store_code": "SHUT", "is_active": "on"})
    assert not Resource.objects.exists()
    desk.post(page("resource_add"), {"name": "一号茶席", "store_code": "WULIN", "is_active": "on"})
    resource = Resource.objects.get()
    Resource.objects.update(store_code="SHUT")
    desk.post(page("resource_change", resource.pk), {"name": "二号茶席", "store_code": "SHUT", "is_active": "on"})
    assert (Resource.objects.get().name, Resource.objects.get().store_code) == ("二号茶席", "SHUT")


@pytest.mark.parametrize("guarded", [True, False])
def test_what_members_take_while_a_form_is_saved_is_not_written_back(desk, member, monkeypatch, guarded):
    """A member has taken a unit and not committed it when the form is sent."""
    if not guarded:
        monkeypatch.setattr(ModelAdmin, "_locked", ModelAdmin.get_object)
    zone = Zone.objects.create(name="中秋", pool=5)
    reward, is_taken, was_read, was_taken = live_reward(zone=zone), Event(), Event(), Event()

    def take():
        with unit_of_work():
            claimed(reward, member)
            is_taken.set()
            until_somebody_waits() if guarded else was_read.wait(30)
        was_taken.set()

    def save_late(screen, request, obj, form, change):
        was_read.set()
        was_taken.wait(30)
        obj.save()

    if not guarded:
        monkeypatch.setattr(ZoneAdmin, "save_model", save_late)

    def save():
        assert is_taken.wait(30)
        return desk.post(page("zone_change", zone.pk), {"name": "元宵", "theme": "festival", "position": 0, "pool": 6})

    run_together(take, save)
    zone.refresh_from_db()
    assert (zone.name, zone.pool, zone.taken) == ("元宵", 6, 1 if guarded else 0)
    assert (not any(law() for law in LAWS)) is guarded


def test_redemptions_vouchers_and_figures_are_looked_at(desk, member):
    give_points(member, 20_000)
    client = client_for(member)
    reward, slot = bookable(starts_in=3 * DAY)
    order = redeemed(client, reward, slot=slot)
    redeemed(client, live_reward(kind="code", points=1000))
    for term in (order.number, member.phone, member.nickname, "nobody"):
        assert desk.get(page("redemption_changelist"), {"q": term}).status_code == 200
    voucher = Voucher.objects.get(slot=slot)
    assert desk.get(page("voucher_change", voucher.pk)).status_code == 200
    desk.post(page("voucher_extend", voucher.pk), {"days": 200})
    assert Voucher.objects.get(pk=voucher.pk).valid_until > voucher.valid_until
    shown = desk.get(page("reward_statistics")).content.decode()
    assert "茶艺体验" in shown
    assert "9,000" in shown
    assert "FILM" not in desk.get(page("voucher_changelist")).content.decode()


def test_a_zone_has_exchange_days(desk):
    sent = {
        "name": "会员日",
        "theme": "festival",
        "position": 0,
        "is_active": "on",
        "month_days": [8, 18],
        "weekdays": [5],
    }
    desk.post(page("zone_add"), sent)
    zone = Zone.objects.get()
    assert (zone.month_days, zone.weekdays) == ([8, 18], [5])
    assert desk.get(page("zone_changelist")).status_code == 200
    desk.post(page("zone_change", zone.pk), {**sent, "month_days": []})
    assert Zone.objects.get().month_days == []
