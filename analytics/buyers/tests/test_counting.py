"""Points by day, returns of campaigns, and the pages and API that show what was worked out."""

from datetime import date

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from analytics.buyers import queries
from analytics.buyers.invariants import LAWS
from analytics.buyers.models import CampaignReturn, PointsDay
from analytics.buyers.services import count_cohorts, count_points, count_products, score_members, work_out_returns
from analytics.buyers.services.rankings import return_bp
from analytics.buyers.tests.making import DAY, NOW, YESTERDAY, bought
from points.ledger.services import adjust, claw_back, grant, settle_due, spend
from promotions.coupons.tests.making import make_template
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import StaffUser
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db

MEI = Actor.staff("mei")


def broken():
    return [sentence for law in LAWS for sentence in law()]


@pytest.fixture
def flow(member):
    """Two days ago 100 come, yesterday 30 go, 10 are taken back, 5 given by hand and what is left of 20 expires."""
    before, yesterday = NOW - 3 * DAY, NOW - DAY
    with unit_of_work():
        grant(reference="g1", member_id=member.pk, points=100, source="order", now=before, matures_at=before)
        grant(
            reference="g2",
            member_id=member.pk,
            points=20,
            source="order",
            now=before,
            matures_at=before,
            expires_at=yesterday,
        )
    settle_due(now=yesterday)
    with unit_of_work():
        spend(reference="s1", member_id=member.pk, points=30, source="mall", now=yesterday)
        claw_back(of="g1", reference="c1", points=10, now=yesterday)
        adjust(reference="a1", member_id=member.pk, points=5, actor=MEI, note="-", now=yesterday)
        grant(reference="g3", member_id=member.pk, points=7, source="order", now=NOW, matures_at=NOW)
    return member


def test_points_flow_from_the_ledger(flow):
    assert count_points(day=YESTERDAY) == 2
    whole = queries.points_flow(first=YESTERDAY, last=YESTERDAY)
    assert (whole.opening, whole.earned, whole.by_hand, whole.used) == (120, 0, 5, 30)
    assert (whole.expired, whole.clawed_back, whole.voided, whole.closing) == (20, 10, 0, 65)
    assert list(PointsDay.objects.order_by("day").values_list("closing", flat=True)) == [120, 65]
    assert queries.points_flow(first=date(2026, 1, 1), last=YESTERDAY).opening == 0
    assert broken() == []
    PointsDay.objects.filter(day=YESTERDAY).update(used=29)
    assert len(broken()) == 1


def test_the_return_of_what_was_spent():
    # 1,000 yuan net at a margin of 30 percent are 300; they cost 200: half of the cost more.
    assert return_bp(net_fen=100_000, cost_fen=20_000, margin_bp=3000) == 5000
    assert return_bp(net_fen=0, cost_fen=20_000, margin_bp=3000) == -10_000
    assert return_bp(net_fen=100_000, cost_fen=0, margin_bp=3000) is None


def test_every_published_campaign_has_its_return_once():
    make_template(name="满减券")
    assert work_out_returns(now=NOW) == work_out_returns(now=NOW) == 1
    row = CampaignReturn.objects.get()
    assert (row.kind, row.name, row.net_fen, row.cost_fen, row.return_bp) == ("coupon", "满减券", 0, 0, None)


@pytest.fixture
def worked_out(flow):
    SkuFactory(code="TEA-1", stock=0, product__name="明前龙井")
    bought(("a", 3, 10), ("a", 40, 20), ("b", 70, 500))
    score_members(day=YESTERDAY)
    count_cohorts()
    count_products(day=YESTERDAY)
    count_points(day=YESTERDAY)


@pytest.mark.parametrize("page", ["overview", "cohorts", "points_flow", "rankings"])
def test_pages_show_what_was_worked_out_without_asking_orders(
    worked_out, admin_client, page, django_assert_max_num_queries
):
    with clock.fixed(NOW), django_assert_max_num_queries(20) as asked:
        answer = admin_client.get(reverse(f"admin:buyers_buyerprofile_{page}"))
    assert answer.status_code == 200
    assert not [each["sql"] for each in asked.captured_queries if "checkout_order" in each["sql"]]
    shown = {"overview": "66.7%", "cohorts": "100.0%", "points_flow": "65", "rankings": "明前龙井"}
    if page != "overview":
        assert shown[page] in answer.content.decode()


def test_lists_open(worked_out, admin_client):
    for model in ("buyerprofile", "stagemove", "campaignreturn", "segmentfilter"):
        assert admin_client.get(reverse(f"admin:buyers_{model}_changelist")).status_code == 200


@pytest.fixture
def staff_api(db):
    StaffUser.objects.create_superuser("boss", password="red-lantern-8")
    api = APIClient()
    login = api.post("/api/v1/staff/auth/login", {"username": "boss", "password": "red-lantern-8"})
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {login.json()['access']}")
    return api


def test_the_api_says_what_the_pages_say(worked_out, staff_api, django_assert_max_num_queries):
    def get(what, **asked):
        return staff_api.get(f"/api/v1/staff/analytics/{what}", asked).json()

    flow = get("points-flow", **{"from": YESTERDAY, "to": YESTERDAY})
    assert (flow["opening"], flow["used"], flow["closing"]) == (120, 30, 65)
    assert [day["closing"] for day in flow["days"]] == [65]
    period = {"from": YESTERDAY - 60 * DAY, "to": YESTERDAY}
    [best] = get("leaderboard", **period)["items"]
    assert (best["name"], best["units"], best["value_fen"]) == ("明前龙井", 2, 3000)
    assert [row["value_fen"] for row in get("leaderboard", of="buyers")["items"]] == [50_000, 3000]
    assert get("leaderboard", of="distributors")["items"] == []
    cohorts = get("cohorts")["items"]
    assert [(each["month"], each["size"], each["returned"]) for each in cohorts] == [
        ("2026-10-01", 1, [1]),
        ("2026-09-01", 1, []),
    ]
    assert get("campaigns")["items"] == []
    with django_assert_max_num_queries(8):
        segments = get("segments", **period)
    assert {row["stage"]: row["members"] for row in segments["stages"]}["dormant"] == 1
    wrong = staff_api.get("/api/v1/staff/analytics/cohorts", {"from": "2026-02-01", "to": "2026-01-01"})
    assert wrong.status_code == 400
