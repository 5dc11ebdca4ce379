"""What members see of flash sales, and how they ask to be reminded."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from promotions.campaigns.services.lifecycle import pause_campaign
from promotions.flash_sale.models import FlashSaleReminder, FlashSaleSession
from promotions.flash_sale.services.reminding import remind_of_starting
from promotions.flash_sale.tests.making import AUTHOR, DAY, HOUR, draft_sale, live_item, published
from shop.catalog.models import Product
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def sessions(client, **headers):
    answer = client.get("/api/v1/flash-sales", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()["sessions"]


def remind(client, item):
    return client.post(f"/api/v1/flash-sales/items/{item.pk}/remind", {})


def test_sessions_are_shown_with_what_is_left_and_the_time_of_the_server(api, tea):
    item = live_item(tea, points=20)
    with clock.fixed(clock.now()):
        body = api.get("/api/v1/flash-sales").json()
        assert body["server_time"][:19] == f"{clock.now():%Y-%m-%dT%H:%M:%S}" or body["server_time"].endswith("+08:00")
    [session] = body["sessions"]
    assert (session["sale"]["name"], session["is_running"]) == ("整点秒杀", True)
    assert session["items"] == [
        {
            "id": item.pk,
            "product_id": tea.product_id,
            "sku_id": tea.pk,
            "name": tea.product.name,
            "options": tea.options_label,
            "image_url": "",
            "list_price_fen": 10_000,
            "price_fen": 8000,
            "points": 20,
            "quota": 5,
            "left": 5,
            "limit_per_member": 2,
            "reminded": None,
        }
    ]


def test_no_more_are_left_than_the_shop_has(api):
    live_item(SkuFactory(price_fen=10_000, stock=3))
    assert sessions(api)[0]["items"][0]["left"] == 3


@pytest.mark.parametrize(
    ("starts_in", "shown"),
    [
        (2 * HOUR - MINUTE, True),
        (2 * HOUR + MINUTE, False),
        (-2 * HOUR + MINUTE, True),
        (-2 * HOUR - MINUTE, False),
    ],
)
def test_goods_are_shown_from_the_warm_up_to_the_end(api, tea, starts_in, shown):
    live_item(tea, starts_in=starts_in, sale={"warm_up_hours": 2})
    assert bool(sessions(api)) is shown


def test_what_is_not_published_or_not_sold_is_not_shown(api, tea):
    draft_sale(tea, starts_at=clock.now() - HOUR)
    assert sessions(api) == []
    item = live_item(SkuFactory(price_fen=10_000, stock=3))
    later = clock.now() + 2 * timedelta(seconds=1)
    with clock.fixed(later):
        assert len(sessions(api)) == 1
    pause_campaign(kind="flash_sale", pk=item.session.sale_id, actor=AUTHOR, now=later)
    with clock.fixed(later + timedelta(seconds=2)):
        assert sessions(api) == []
    live_item(tea)
    Product.objects.filter(pk=tea.product_id).update(on_shelf=False)
    with clock.fixed(later + timedelta(seconds=4)):
        assert sessions(api) == []


def test_a_sale_for_some_is_shown_to_them_alone(api, member_client, tea):
    live_item(tea, sale={"channels": ["app"]})
    assert sessions(api) == []
    assert sessions(member_client) == []
    for client in (api, member_client):
        [session] = sessions(client, **{"X-Channel": "app"})
        assert "audience" not in session


def test_the_list_costs_no_query_from_the_cache(api, member_client, django_assert_num_queries):
    for _ in range(3):
        live_item(SkuFactory(price_fen=10_000, stock=3), starts_in=HOUR)
    now = clock.now()
    with clock.fixed(now):
        sessions(api)
    with clock.fixed(now + timedelta(seconds=2)), django_assert_num_queries(3):
        assert len(sessions(api)) == 3
    with clock.fixed(now + timedelta(seconds=2)):
        with django_assert_num_queries(0):
            assert len(sessions(api)) == 3
        with django_assert_num_queries(1):
            assert len(sessions(member_client)) == 3


def test_a_member_is_reminded_once_before_the_start(member, member_client, tea):
    item = live_item(tea, starts_in=HOUR)
    first, again = remind(member_client, item), remind(member_client, item)
    assert (first.status_code, again.json()) == (201, first.json())
    assert sessions(member_client)[0]["items"][0]["reminded"] is True
    starts_at = item.session.starts_at
    assert remind_of_starting(now=starts_at - 6 * MINUTE) == 0
    assert remind_of_starting(now=starts_at - 5 * MINUTE) == 1
    assert remind_of_starting(now=starts_at - 4 * MINUTE) == 0
    [told] = Notification.objects.filter(event="flash_sale_starting")
    assert told.member == member
    assert FlashSaleReminder.objects.get().told_at == starts_at - 5 * MINUTE


def test_a_reminder_is_taken_back(member_client, tea):
    item = live_item(tea, starts_in=HOUR)
    remind(member_client, item)
    for _ in range(2):
        assert member_client.delete(f"/api/v1/flash-sales/items/{item.pk}/remind").status_code == 204
    assert not FlashSaleReminder.objects.exists()
    assert sessions(member_client)[0]["items"][0]["reminded"] is False


@pytest.mark.parametrize(
    ("starts_in", "sale", "code"),
    [
        (-HOUR, {}, "flash_sale_has_started"),
        (2 * DAY, {}, "activity_not_found"),
        (HOUR, {"channels": ["app"]}, "campaign_not_on_channel"),
    ],
)
def test_reminders_that_make_no_sense_are_refused(member_client, tea, starts_in, sale, code):
    item = live_item(tea, starts_in=starts_in, sale=sale)
    assert remind(member_client, item).json()["code"] == code
    assert not FlashSaleReminder.objects.exists()


def test_nobody_is_reminded_of_a_sale_that_is_off_or_has_begun(tea):
    item = live_item(tea, starts_in=HOUR)
    FlashSaleReminder.objects.create(item=item, member=MemberFactory(), asked_at=clock.now())
    starts_at = item.session.starts_at
    assert remind_of_starting(now=starts_at) == 0
    pause_campaign(kind="flash_sale", pk=item.session.sale_id, actor=AUTHOR, now=clock.now())
    assert remind_of_starting(now=starts_at - MINUTE) == 0
    assert not Notification.objects.filter(event="flash_sale_starting").exists()


def test_a_product_shows_its_flash_sales(api, tea):
    soon = published(draft_sale(tea, starts_at=clock.now() + HOUR)).items.get()
    later = published(draft_sale(tea, starts_at=clock.now() + 2 * HOUR, warm_up_hours=1)).items.get()
    live_item(tea, sale={"channels": ["app"]})

    def shown(now):
        with clock.fixed(now):
            activities = api.get(f"/api/v1/products/{tea.product_id}").json()["activities"]
        return [(each["kind"], each["id"], each["price_fen"], each["points"]) for each in activities]

    now = clock.now()
    assert shown(now) == [("flash_sale", soon.pk, 8000, 0)]
    assert shown(now + HOUR + MINUTE) == [("flash_sale", soon.pk, 8000, 0), ("flash_sale", later.pk, 8000, 0)]
    assert shown(now + 3 * HOUR + MINUTE) == [("flash_sale", later.pk, 8000, 0)]


def test_an_item_can_be_shared_while_it_is_shown(client, tea):
    item = live_item(tea)
    card = client_for(MemberFactory()).get("/api/v1/me/share-card", {"target": f"flash-{item.pk}"})
    assert (card.status_code, card["Content-Type"]) == (200, "image/png")
    FlashSaleSession.objects.update(ends_at=clock.now())
    pause_campaign(kind="flash_sale", pk=item.session.sale_id, actor=AUTHOR, now=clock.now())
    gone = client_for(MemberFactory()).get("/api/v1/me/share-card", {"target": f"flash-{item.pk}"})
    assert gone.status_code == 404
