"""What the front asks and gets."""

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from promotions.distribution.models import Distributor
from promotions.distribution.tests.making import customer, distributor, left, prefer, released, sold
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return distributor(MemberFactory(nickname="阿岩"), rate_bp=1000, now=clock.now())


@pytest.fixture
def front(seller):
    return client_for(seller.member)


def test_a_member_joins_and_sees_where_they_stand(member_client, member):
    before = member_client.get("/api/v1/distribution").json()
    assert before == {"joining": "application", "spend_fen": 50_000, "distributor": None}
    answer = member_client.post("/api/v1/distribution/join", {"note": "我朋友多"})
    assert (answer.status_code, answer.json()["distributor"]["standing"]) == (201, "applied")
    again = member_client.post("/api/v1/distribution/join", {})
    assert (again.status_code, again.json()["code"]) == (409, "distribution_joined_already")
    assert Distributor.objects.get().note == "我朋友多"
    refused = member_client.post("/api/v1/distribution/join", {"standing": "active"})
    assert refused.status_code == 400


def test_a_summary_of_what_was_sold(seller, front, django_assert_num_queries):
    now = clock.now()
    buyer, other = customer(seller, now=now), customer(seller, now=now)
    sale = sold(buyer, 10_000, 5_000, now=now)
    left(sale, 10_000, 2_500, now=now)
    released(sold(other, 2_000, now=now), now=now)
    with django_assert_num_queries(5):
        told = front.get("/api/v1/distribution").json()["distributor"]
    assert told["balance"] == {
        "frozen_fen": 1250,
        "settled_fen": 0,
        "available_fen": 200,
        "reserved_fen": 0,
        "paid_fen": 0,
    }
    assert told["brought"] == {
        "customers": 2,
        "visitors": 2,
        "orders": 2,
        "sales_fen": 14_500,
        "points": 0,
        "orders_this_month": 2,
        "sales_this_month_fen": 14_500,
    }
    assert told["grade"]["second_rate_bp"] == 0
    assert told["invite_code"] in told["link"]
    prefer(second_level=True)
    assert front.get("/api/v1/distribution").json()["distributor"]["grade"]["second_rate_bp"] == 100


def test_lists_of_commissions_entries_and_customers(seller, front, django_assert_num_queries):
    for nickname in ("小满", ""):
        buyer = MemberFactory(nickname=nickname)
        client_for(buyer).post("/api/v1/distribution/visits", {"invite_code": seller.member.invite_code.lower()})
        sold(buyer, 10_000, now=clock.now())
    with django_assert_num_queries(2):
        commissions = front.get("/api/v1/distribution/commissions").json()["items"]
    assert [(row["amount_fen"], row["stage"], row["line"]) for row in commissions] == [(1000, "frozen", 0)] * 2
    with django_assert_num_queries(2):
        entries = front.get("/api/v1/distribution/entries").json()["items"]
    assert [(row["kind"], row["amount_fen"], row["available_after_fen"]) for row in entries] == [
        ("earned", 1000, 0)
    ] * 2
    with django_assert_num_queries(2):
        customers = front.get("/api/v1/distribution/customers").json()["items"]
    assert [(row["name"], row["until"], row["has_bought"]) for row in customers] == [
        ("***", None, True),
        ("小***", None, True),
    ]


@pytest.mark.parametrize("what", ["commissions", "entries", "customers"])
def test_lists_are_for_distributors(member_client, what):
    answer = member_client.get(f"/api/v1/distribution/{what}")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_distributor")


def test_a_visit_tells_whether_it_binds(seller, member_client, front):
    body = {"invite_code": seller.member.invite_code}
    assert member_client.post("/api/v1/distribution/visits", body).json() == {"bound": True}
    assert member_client.post("/api/v1/distribution/visits", body).json() == {"bound": True}
    assert front.post("/api/v1/distribution/visits", body).json() == {"bound": False}
    unknown = member_client.post("/api/v1/distribution/visits", {"invite_code": "NOBODY"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "distributor_not_found")
