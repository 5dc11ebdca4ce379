import pytest
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.presale.demo import load
from promotions.presale.models import Presale, PresaleItem, PresaleUse
from promotions.presale.tests.making import DAY, make_full_item, make_item, make_presale
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import SkuFactory, make_category, make_product
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin_client):
    return admin_client


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def filled(sku, **changes):
    """The form of a presale of one SKU, the money in yuan."""
    now = clock.now()
    days = {"starts_at": -1, "ends_at": 5, "balance_from": 5, "balance_until": 7, "ships_at": 9}
    window = {
        f"{name}_{part}": text
        for name, day in days.items()
        for part, text in ((0, f"{now + day * DAY:%Y-%m-%d}"), (1, "00:00:00"))
    }
    row = {"sku": sku.pk, "price_fen": "98", "deposit_fen": "10", "expanded_fen": "20", "quota": "5"}
    return {
        "name": "新茶",
        "mode": "deposit",
        "back_on_request": "on",
        "budget_fen": "500",
        **window,
        "items-TOTAL_FORMS": 1,
        "items-INITIAL_FORMS": 0,
        **{f"items-0-{name}": value for name, value in row.items()},
        **changes,
    }


def publish(desk, presale):
    return desk.post(reverse("admin:presale_presale_step", args=[presale.pk, "publish"]), {"codes": "", "noted": "on"})


def test_a_presale_is_drafted_in_yuan_and_published(desk, tea):
    assert desk.post(reverse("admin:presale_presale_add"), filled(tea)).status_code == 302
    presale, item = Presale.objects.get(), PresaleItem.objects.get()
    assert (item.price_fen, item.deposit_fen, item.expanded_fen, item.unit_price_fen) == (9800, 1000, 2000, 8800)
    assert publish(desk, presale).status_code == 302
    presale.refresh_from_db()
    assert (presale.status, presale.budget_fen, presale.back_if_missed) == ("running", 50_000, False)
    for name in ("presale_presale", "presale_presaleuse"):
        assert desk.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert desk.get(reverse("admin:presale_presale_change", args=[presale.pk])).status_code == 200


def test_a_deposit_counts_for_what_it_is_unless_told(desk, tea):
    desk.post(reverse("admin:presale_presale_add"), filled(tea, **{"items-0-expanded_fen": ""}))
    assert PresaleItem.objects.get().expanded_fen == 1000


@pytest.mark.parametrize(
    "changes", [{"items-0-expanded_fen": "9"}, {"items-0-expanded_fen": "99"}, {"balance_until_0": "2020-01-01"}]
)
def test_what_does_not_add_up_is_refused_with_a_sentence(desk, tea, changes):
    answer = desk.post(reverse("admin:presale_presale_add"), filled(tea, **changes))
    assert answer.status_code == 200
    assert not Presale.objects.exists()


@pytest.mark.parametrize(
    ("fields", "item", "reason"),
    [
        ({"balance_from": None, "balance_until": None}, {}, "尾款支付时间"),
        ({"ends_at": None}, {}, "尾款支付时间"),
        ({"ends_at": clock.now() + 2 * DAY}, {}, "预售结束后支付"),
        ({"ships_at": clock.now() + 12 * DAY / 24}, {}, "不能发货"),
        ({}, {"deposit_fen": 0, "expanded_fen": 0}, "定金预售须填写定金"),
        ({}, None, "价格"),
    ],
)
def test_a_presale_that_cannot_be_kept_is_not_published(desk, tea, fields, item, reason):
    presale = make_presale(status="draft", budget_fen=100, **fields)
    if item is not None:
        make_item(tea, presale=presale, **item)
    assert reason in publish(desk, presale).content.decode()
    presale.refresh_from_db()
    assert presale.status == "draft"


def test_nothing_is_presold_below_the_least_that_it_is_sold_for(desk, tea):
    tea.floor_price_fen = 9000
    tea.save()
    presale = make_item(tea, presale=make_presale(status="draft", budget_fen=100)).presale
    assert "最低成交价" in publish(desk, presale).content.decode()


def test_a_clone_sells_the_same_and_has_sold_nothing(desk, tea):
    presale = make_item(tea, quota=5, taken=2).presale
    desk.post(reverse("admin:presale_presale_step", args=[presale.pk, "clone"]))
    copy = Presale.objects.exclude(pk=presale.pk).get()
    assert (copy.status, copy.items.get().taken, copy.items.get().quota) == ("draft", 0, 5)


def test_the_result_counts_orders_that_are_paid(desk, tea):
    item, now = make_full_item(tea), clock.now()
    for number, paid_at in (("D1", now), ("D2", None)):
        PresaleUse.objects.create(
            order_number=number,
            member=MemberFactory.create(),
            item=item,
            units=1,
            discount_fen=200,
            revenue_fen=9800 if paid_at else 0,
            used_at=now,
            confirmed_at=paid_at,
        )
    page = desk.get(reverse("admin:presale_presale_step", args=[item.presale_id, "result"])).content.decode()
    assert "¥98.00" in page
    assert "¥2.00" in page


@pytest.mark.django_db(transaction=True)
def test_the_demo_shop_has_a_presale_of_tea():
    tea = make_product(prices=[12_000], category_id=make_category(slug="tea").pk)
    SkuStock.objects.filter(sku__product=tea).update(available=20)
    assert load(size="small", now=clock.now()) == "1 presale of 1 goods"
    assert load(size="small", now=clock.now()) == "0 presales"
    presale = Presale.objects.get()
    assert (presale.status, presale.items.get().unit_price_fen) == ("running", 11_000)


@pytest.mark.parametrize(("stock", "quota", "can"), [(10, 10, True), (9, 10, False), (0, None, False), (1, None, True)])
def test_no_more_is_offered_than_can_be_promised(stock, quota, can):
    item = make_item(SkuFactory(price_fen=10_000, stock=stock), quota=quota)
    said = [str(each) for each in item.presale.lacks()]
    assert (said == []) is can
    assert all(str(stock) in each for each in said)


def test_what_is_ordered_already_needs_no_stock_again():
    item = make_item(SkuFactory(price_fen=10_000, stock=7), quota=10, taken=3)
    assert list(item.presale.lacks()) == []
