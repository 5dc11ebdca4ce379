import pytest

from members.identity.tests.factories import MemberFactory, client_for
from orders.fulfilment.tests.test_parcels import pay
from promotions.campaigns.services.lifecycle import pause_campaign
from promotions.campaigns.services.switch import switch_promotions
from promotions.group_buy.models import GroupBuy, Team
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.tests.making import DAY, ask, make_group_buy, seated, team_of
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/api/v1/group-buys"
BOSS = Actor.staff("boss")


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


@pytest.fixture
def group(tea):
    return make_group_buy((tea, 7000, 6000))


def codes(answer):
    return answer.status_code, answer.json().get("code")


def test_a_visitor_sees_what_runs_and_what_it_costs(client, group, tea):
    make_group_buy((tea, 5000), status="paused")
    make_group_buy((tea, 5000), starts_at=clock.now() + DAY)
    [shown] = client.get(LIST).json()["items"]
    assert (shown["id"], shown["size"], shown["hours"], shown["orders_per_member"]) == (group.pk, 3, 24, None)
    [item] = shown["items"]
    assert (item["sku_id"], item["list_price_fen"], item["price_fen"], item["leader_price_fen"]) == (
        tea.pk,
        10_000,
        7000,
        6000,
    )
    assert client.get(f"{LIST}/{group.pk}").json()["items"] == [item]


def test_what_is_not_for_me_is_not_there(group, tea):
    chosen = make_group_buy((tea, 5000), tier_ids=[999])
    api = client_for(MemberFactory.create())
    assert [each["id"] for each in api.get(LIST).json()["items"]] == [group.pk]
    assert codes(api.get(f"{LIST}/{chosen.pk}")) == (404, "group_buy_not_found")
    assert codes(api.get(f"{LIST}/{chosen.pk}/teams")) == (404, "group_buy_not_found")


def test_lists_cost_the_same_number_of_queries_however_long(client, group, tea, django_assert_num_queries):
    client.get(LIST)
    for _ in range(3):
        make_group_buy((tea, 5000), (SkuFactory(), 900))
    with django_assert_num_queries(3):
        assert len(client.get(LIST).json()["items"]) == 4
    for _ in range(3):
        pay(seated(group, tea))
    with django_assert_num_queries(5):
        assert len(client.get(f"{LIST}/{group.pk}/teams").json()["items"]) == 3


def test_teams_that_can_be_joined_are_listed_the_next_to_end_first(client, group, tea):
    seated(group, tea)  # nobody has paid for it
    full = team_of(pay(seated(group, tea)))
    for _ in range(2):
        seated(group, tea, team=full)
    late, early = (team_of(pay(seated(group, tea))) for _ in range(2))
    Team.objects.filter(pk=early.pk).update(due_at=early.due_at - DAY / 2)
    over = team_of(pay(seated(group, tea)))
    Team.objects.filter(pk=over.pk).update(due_at=clock.now())
    rows = client.get(f"{LIST}/{group.pk}/teams").json()["items"]
    assert [row["id"] for row in rows] == [early.pk, late.pk]
    shown = {(row["missing"], row["seats_left"], row["joinable"], row["sku_id"]) for row in rows}
    assert shown == {(2, 2, True, tea.pk)}


def test_a_team_shows_its_members_masked_and_me_myself(client, group, tea):
    leader = MemberFactory.create(nickname="林小满", avatar_url="https://a.example/1.png")
    first = pay(seated(group, tea, member=leader))
    team = team_of(first)
    joined = MemberFactory.create(nickname="Jo")
    second = seated(group, tea, team=team, member=joined)
    body = client.get(f"/api/v1/teams/{team.pk}").json()
    assert [(seat["nickname"], seat["leads"], seat["paid"], seat["is_me"]) for seat in body["seats"]] == [
        ("林***满", True, True, False),
        ("J***", False, False, False),
    ]
    assert (body["status"], body["missing"], body["seats_left"], body["order_number"]) == ("open", 2, 1, None)
    assert "林小满" not in str(body)
    mine = client_for(joined).get(f"/api/v1/teams/{team.pk}").json()
    assert (mine["order_number"], mine["joinable"], mine["seats"][1]["is_me"]) == (second.number, False, True)


@pytest.mark.parametrize("why", ["switched off", "paused", "over"])
def test_a_team_that_nobody_may_join_now_says_so(client, group, tea, why):
    team = team_of(pay(seated(group, tea)))
    address = f"/api/v1/teams/{team.pk}"
    assert client.get(address).json()["joinable"] is True
    if why == "switched off":
        switch_promotions(on=False, actor=BOSS, now=clock.now())
    elif why == "paused":
        pause_campaign(kind=group.KIND, pk=group.pk, actor=BOSS, now=clock.now())
    else:
        GroupBuy.objects.filter(pk=group.pk).update(ends_at=clock.now())
    assert client.get(address).json()["joinable"] is False
    assert codes(ask(group, tea, team=team)) == (404, "activity_not_found")
    team.refresh_from_db()
    assert (team.status, team.seats_taken) == ("open", 1)


def test_a_team_that_has_ended_is_still_seen(client, group, tea):
    team = team_of(pay(seated(group, tea)))
    sweep_teams(now=team.due_at)
    body = client.get(f"/api/v1/teams/{team.pk}").json()
    assert (body["status"], body["joinable"], len(body["seats"])) == ("failed", False, 1)
    assert codes(client.get(f"/api/v1/teams/{team.pk + 1}")) == (404, "team_not_found")


def test_products_tell_of_it(client, group, tea):
    make_group_buy((tea, 1000), tier_ids=[999])
    [activity] = client.get(f"/api/v1/products/{tea.product_id}").json()["activities"]
    assert (activity["kind"], activity["id"], activity["price_fen"]) == ("group_buy", group.pk, 7000)


@pytest.mark.parametrize("kind", ["groupbuy", "team"])
def test_share_cards_lead_to_it_while_it_can_be_joined(group, tea, kind):
    order = pay(seated(group, tea))
    team = team_of(order)
    api = client_for(order.member)
    target = f"groupbuy-{group.pk}" if kind == "groupbuy" else f"team-{team.pk}"
    assert api.get("/api/v1/me/share-card", {"target": target}).status_code == 200
    sweep_teams(now=team.due_at)
    group.status = "paused"
    group.save()
    assert api.get("/api/v1/me/share-card", {"target": target}).status_code == 404
