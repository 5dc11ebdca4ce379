import pytest

from members.identity.tests.factories import MemberFactory
from promotions.flash_sale.demo import load
from promotions.flash_sale.invariants import LAWS
from promotions.flash_sale.member_data import erase, export, move
from promotions.flash_sale.models import FlashSale, FlashSaleReminder, FlashSaleTally, FlashSaleUse
from promotions.flash_sale.tests.making import HOUR, live_item
from promotions.flash_sale.tests.test_races import guarded
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_accounts_of_one_person_share_one_limit_and_one_reminder():
    item, other = (live_item(SkuFactory(price_fen=10_000), limit_per_member=3) for _ in range(2))
    gone, kept = MemberFactory.create_batch(2)
    for number, member in enumerate([gone, gone, kept]):
        guarded(order=f"D{number}", member=member, item=item)
    for row, member in [(item, gone), (item, kept), (other, gone)]:
        FlashSaleReminder.objects.create(item=row, member=member, asked_at=clock.now())
    assert move(source_id=gone.pk, target_id=kept.pk, now=clock.now()) == {"flash_sale_uses": 2}
    assert FlashSaleTally.objects.values_list("member", "units").get() == (kept.pk, 3)
    assert list(FlashSaleReminder.objects.order_by("item").values_list("item", "member")) == [
        (item.pk, kept.pk),
        (other.pk, kept.pk),
    ]
    assert set(FlashSaleUse.objects.values_list("member", flat=True)) == {kept.pk}
    assert [sentence for law in LAWS for sentence in law()] == []


def test_a_member_takes_their_purchases_along_and_reminders_are_forgotten():
    item, member = live_item(SkuFactory(price_fen=10_000)), MemberFactory()
    guarded(order="D1", member=member, item=item)
    FlashSaleReminder.objects.create(item=item, member=member, asked_at=clock.now())
    found = export(member_id=member.pk)
    assert [(row["order_number"], row["units"]) for row in found["flash_sales"]] == [("D1", 1)]
    assert [row["item_id"] for row in found["flash_sale_reminders"]] == [item.pk]
    assert erase(member_id=member.pk, now=clock.now()) == {"flash_sale_reminders": 1}
    assert FlashSaleUse.objects.count() == 1


def test_the_demo_shop_has_a_running_session():
    for number in range(12):
        SkuFactory(price_fen=8000 + number * 100, stock=80)
    now = clock.now()
    assert load(size="small", now=now) == "1 flash sale with 12 sessions"
    assert load(size="small", now=now) == "0 flash sales"
    sale = FlashSale.objects.get()
    assert (sale.status, sale.sessions.filter(starts_at__lte=now, ends_at__gt=now).count()) == ("running", 1)
    assert sale.items.filter(points__gt=0).count() == 12
    assert sale.sessions.first().ends_at - sale.sessions.first().starts_at == 6 * HOUR
