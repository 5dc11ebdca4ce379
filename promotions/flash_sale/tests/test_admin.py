"""How merchants write a flash sale down, repeat its days, publish it and look at it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from promotions.campaigns.audience import Buyer
from promotions.campaigns.preview import preview
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleSession
from promotions.flash_sale.tests.making import DAY, HOUR, draft_sale, live_item, published
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.clock import SHANGHAI

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin_client):
    return admin_client


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def moment(prefix, instant):
    local = instant.astimezone(SHANGHAI)
    return {f"{prefix}_0": f"{local:%Y-%m-%d}", f"{prefix}_1": f"{local:%H:%M:%S}"}


def url(name, *args):
    return reverse(f"admin:flash_sale_{name}", args=args)


def test_a_sale_is_written_with_sessions_then_goods_and_published(desk, tea):
    noon = (clock.now() + DAY).replace(minute=0, second=0, microsecond=0)
    fields = {
        "name": "午间秒杀",
        "pay_within_minutes": 5,
        "warm_up_hours": 48,
        "budget_fen": "100",
        **moment("starts_at", noon - DAY),
        **moment("ends_at", noon + DAY),
        "sessions-TOTAL_FORMS": 1,
        "sessions-INITIAL_FORMS": 0,
        **moment("sessions-0-starts_at", noon),
        **moment("sessions-0-ends_at", noon + HOUR),
    }
    answer = desk.post(url("flashsale_add"), fields)
    assert answer.status_code == 302, answer.context["errors"]
    sale, session = FlashSale.objects.get(), FlashSaleSession.objects.get()
    assert answer["Location"] == url("flashsale_change", sale.pk)
    assert url("flashsalesession_change", session.pk) in desk.get(answer["Location"]).content.decode()
    goods = {
        **moment("starts_at", noon),
        **moment("ends_at", noon + HOUR),
        "items-TOTAL_FORMS": 1,
        "items-INITIAL_FORMS": 0,
        "items-0-sku": tea.pk,
        "items-0-price_fen": "79.90",
        "items-0-points": 0,
        "items-0-quota": 30,
        "items-0-limit_per_member": 1,
    }
    answer = desk.post(url("flashsalesession_change", session.pk), goods)
    assert (answer.status_code, answer["Location"]) == (302, url("flashsale_change", sale.pk))
    item = FlashSaleItem.objects.get()
    assert (item.price_fen, item.quota, item.left) == (7990, 30, 30)
    desk.post(url("flashsale_step", sale.pk, "publish"), {"codes": "", "noted": "on"})
    sale.refresh_from_db()
    assert (sale.status, sale.budget_fen) == ("running", 10_000)
    for page in (url("flashsale_change", sale.pk), url("flashsalesession_change", session.pk)):
        shown = desk.get(page)
        assert shown.status_code == 200
    assert "¥79.90" in shown.content.decode()
    assert 'name="items-0-price_fen"' not in shown.content.decode()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"price_fen": "0", "points": 0}, "请填写价格、积分，或两者都填"),
        ({"price_fen": "10", "points": 0, "quota": 0}, ""),
    ],
)
def test_goods_that_make_no_sense_are_refused_with_a_sentence(desk, tea, row, said):
    sale = draft_sale(starts_at=clock.now() + HOUR)
    session = sale.sessions.get()
    goods = {
        **moment("starts_at", session.starts_at),
        **moment("ends_at", session.ends_at),
        "items-TOTAL_FORMS": 1,
        "items-INITIAL_FORMS": 0,
        "items-0-sku": tea.pk,
        "items-0-quota": 3,
        **{f"items-0-{name}": value for name, value in row.items()},
    }
    answer = desk.post(url("flashsalesession_change", session.pk), goods)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not FlashSaleItem.objects.exists()


@pytest.mark.parametrize(
    ("item", "moved", "reason"),
    [
        (None, {}, "没有商品"),
        ({"price_fen": 10_000}, {}, "不低于"),
        ({"price_fen": 4000}, {}, "最低"),
        ({"price_fen": 8000}, {"ends_at": timedelta(minutes=30)}, "不在"),
    ],
)
def test_a_sale_that_cannot_be_sold_is_not_published(desk, item, moved, reason):
    tea = SkuFactory(price_fen=10_000, floor_price_fen=5000)
    starts_at = clock.now() + HOUR
    window = {name: starts_at + by for name, by in moved.items()}
    sale = draft_sale(*([tea] if item else []), starts_at=starts_at, item=item, **window)
    page = desk.post(url("flashsale_step", sale.pk, "publish"), {"codes": "", "noted": "on"})
    assert reason in page.content.decode()
    sale.refresh_from_db()
    assert sale.status == "draft"


def test_points_may_pay_for_less_than_the_least_price():
    tea = SkuFactory(price_fen=10_000, floor_price_fen=5000)
    sale = published(draft_sale(tea, starts_at=clock.now(), item={"price_fen": 4000, "points": 900}))
    assert (sale.status, sale.depth_bp()) == ("running", 5100)


def test_the_last_day_is_repeated_on_the_following_days(desk, tea):
    sale = draft_sale(tea, starts_at=clock.now() + HOUR, ends_at=clock.now() + DAY)
    [first] = sale.sessions.all()
    answer = desk.post(url("flashsale_repeat", sale.pk), {"days": 2})
    assert answer["Location"] == url("flashsale_change", sale.pk)
    assert [each.starts_at - first.starts_at for each in sale.sessions.all()] == [timedelta(0), DAY, 2 * DAY]
    assert list(sale.items.values_list("sku", "price_fen", "quota", "left")) == [(tea.pk, 8000, 5, 5)] * 3
    sale.refresh_from_db()
    assert sale.ends_at == first.ends_at + 2 * DAY
    published(sale)
    refused = desk.post(url("flashsale_repeat", sale.pk), {"days": 1})
    assert refused.status_code == 200
    assert sale.sessions.count() == 3


def test_what_is_published_is_looked_at_and_its_goods_are_not_edited(desk, tea):
    item = live_item(tea)
    goods = {"items-TOTAL_FORMS": 1, "items-INITIAL_FORMS": 1, "items-0-id": item.pk, "items-0-price_fen": "1"}
    assert desk.post(url("flashsalesession_change", item.session_id), goods).status_code == 403
    item.refresh_from_db()
    assert item.price_fen == 8000
    desk.post(url("flashsale_step", item.session.sale_id, "clone"))
    copy = FlashSale.objects.exclude(pk=item.session.sale_id).get()
    assert list(copy.items.values_list("sku", "quota", "taken")) == [(tea.pk, 5, 0)]
    for name in ("flashsale", "flashsalesession", "flashsaleuse"):
        assert desk.get(url(f"{name}_changelist")).status_code == 200
    assert desk.get(url("flashsale_step", item.session.sale_id, "result")).status_code == 200
    assert desk.get(reverse("admin:campaigns_calendar")).status_code == 200
    preview = f"{reverse('admin:campaigns_preview')}?draft=flash_sale-{copy.pk}"
    asked = {"sku_1": tea.pk, "units_1": 2, "units_2": 1, "units_3": 1, **moment("at", clock.now())}
    assert "¥160.00" in desk.post(preview, asked).content.decode()


def test_a_preview_shows_the_session_of_its_moment_and_says_when_there_is_none():
    """From 10 for ¥80, and from 14 for ¥70, two hours each."""
    sku, first_at = SkuFactory(price_fen=10_000, stock=50), clock.now() + HOUR
    sale = draft_sale(sku, starts_at=first_at)
    later = FlashSaleSession.objects.create(sale=sale, starts_at=first_at + 4 * HOUR, ends_at=first_at + 6 * HOUR)
    FlashSaleItem.objects.create(session=later, sku=sku, price_fen=7000, quota=5)

    def seen(hours):
        return preview(buyer=Buyer(None, None), units={sku.pk: 1}, drafts=[sale], at=first_at + hours * HOUR)

    assert [seen(hours).quote.payable_fen for hours in (0, 2, 4, 6)] == [8000, 10_000, 7000, 10_000]
    assert [bool(seen(hours).left_out) for hours in (0, 2, 4, 6)] == [False, True, False, True]
    assert seen(2).left_out[0][1] != ""
