import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from orders.fulfilment.tests.test_parcels import pay
from promotions.group_buy.models import GroupBuy, GroupBuyItem
from promotions.group_buy.tests.making import DAY, make_group_buy, seated, team_of
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(admin_client):
    return admin_client


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def fields(sku, **more):
    now = clock.now()
    return {
        "name": "三人团",
        "size": 3,
        "hours": 24,
        "completion": "never",
        "budget_fen": "100",
        "starts_at_0": f"{now - DAY:%Y-%m-%d}",
        "starts_at_1": "00:00:00",
        "ends_at_0": f"{now + 2 * DAY:%Y-%m-%d}",
        "ends_at_1": "00:00:00",
        "items-TOTAL_FORMS": 1,
        "items-INITIAL_FORMS": 0,
        "items-0-sku": sku.pk,
        "items-0-price_fen": "70",
        "items-0-leader_price_fen": "60",
        **more,
    }


def test_a_group_buy_is_drafted_in_yuan_and_published(desk, tea):
    assert desk.post(reverse("admin:group_buy_groupbuy_add"), fields(tea)).status_code == 302
    group = GroupBuy.objects.get()
    item = group.items.get()
    assert (item.price_fen, item.leader_price_fen, group.depth_bp()) == (7000, 6000, 4000)
    step = reverse("admin:group_buy_groupbuy_step", args=[group.pk, "publish"])
    assert desk.post(step, {"codes": "", "noted": "on"}).status_code == 302
    group.refresh_from_db()
    assert (group.status, group.budget_fen) == ("running", 10_000)
    for page in ("change", "step"):
        args = [group.pk] if page == "change" else [group.pk, "result"]
        assert desk.get(reverse(f"admin:group_buy_groupbuy_{page}", args=args)).status_code == 200
    preview = desk.get(reverse("admin:campaigns_preview"), {"draft": f"group_buy-{group.pk}"})
    assert preview.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"items-0-leader_price_fen": "71"},
        {"size": 1},
        {"completion": "in_time"},
        {"completes_from": 2},
        {"completion": "in_time", "completes_from": 4},
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(desk, tea, wrong):
    answer = desk.post(reverse("admin:group_buy_groupbuy_add"), fields(tea, **wrong))
    assert (answer.status_code, bool(answer.context["errors"])) == (200, True)
    assert not GroupBuy.objects.exists()


def test_what_platforms_say_of_teams_that_are_not_full_is_to_be_noted(desk, tea):
    group = make_group_buy((tea, 7000), status="draft", completion="by_hand", budget_fen=100)
    step = reverse("admin:group_buy_groupbuy_step", args=[group.pk, "publish"])
    assert "虚构" in desk.get(step).content.decode()
    assert desk.post(step, {"codes": ""}).status_code == 200
    group.refresh_from_db()
    assert group.status == "draft"
    desk.post(step, {"codes": "completes_teams", "noted": "on"})
    group.refresh_from_db()
    assert group.status == "running"


def test_without_goods_it_is_not_published_and_a_clone_sells_the_same(desk, tea):
    empty, group = make_group_buy(status="draft", budget_fen=100), make_group_buy((tea, 7000))
    desk.post(reverse("admin:group_buy_groupbuy_step", args=[empty.pk, "publish"]), {"codes": "", "noted": "on"})
    empty.refresh_from_db()
    assert empty.status == "draft"
    desk.post(reverse("admin:group_buy_groupbuy_step", args=[group.pk, "clone"]))
    copy = GroupBuy.objects.order_by("-pk").first()
    assert (copy.status, copy.items.get().price_fen, group.items.count()) == ("draft", 7000, 1)


@pytest.mark.parametrize(
    ("deed", "completion", "status"), [("complete", "by_hand", "succeeded"), ("end", "never", "failed")]
)
def test_staff_complete_or_end_a_team_and_say_why(desk, tea, deed, completion, status):
    team = team_of(pay(seated(make_group_buy((tea, 7000), completion=completion), tea)))
    page = reverse("admin:group_buy_team_change", args=[team.pk])
    address = reverse(f"admin:group_buy_team_{deed}", args=[team.pk])
    assert desk.get(page).status_code == 200
    assert desk.post(address, {"reason": ""}).status_code == 200
    team.refresh_from_db()
    assert team.status == "open"
    assert desk.post(address, {"reason": "promised by phone"}).status_code == 302
    team.refresh_from_db()
    assert (team.status, team.ended_by) == (status, "staff:admin")
    assert "promised by phone" in str(LogEntry.objects.latest("pk").change_message)
    assert desk.get(reverse("admin:group_buy_team_changelist")).status_code == 200


def test_who_may_only_look_ends_nothing(client, tea):
    team = team_of(pay(seated(make_group_buy((tea, 7000)), tea)))
    clerk = StaffUser.objects.create_user("clerk", password="x", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_team"))
    client.force_login(clerk)
    assert client.get(reverse("admin:group_buy_team_change", args=[team.pk])).status_code == 200
    assert client.post(reverse("admin:group_buy_team_end", args=[team.pk]), {"reason": "x"}).status_code == 403
    team.refresh_from_db()
    assert team.status == "open"


@pytest.mark.parametrize(
    ("prices", "is_sold_so"),
    [
        ({"price_fen": 8000}, True),
        ({"price_fen": 7999}, False),
        ({"price_fen": 9000, "leader_price_fen": 7999}, False),
        ({"price_fen": 10_000, "leader_price_fen": 8000}, True),
        ({"price_fen": 10_001}, False),
    ],
)
def test_no_price_is_published_that_nobody_would_pay(prices, is_sold_so):
    """¥100 without the group, and never less than ¥80."""
    group_buy = make_group_buy(status="draft")
    sku = SkuFactory(price_fen=10_000, floor_price_fen=8000)
    GroupBuyItem.objects.create(group_buy=group_buy, sku=sku, **prices)
    assert (list(group_buy.lacks()) == []) is is_sold_so
