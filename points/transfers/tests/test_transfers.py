"""Giving points: offered, answered, returned by the clock; through the API and by the clock of the test."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from members.identity.models import Member
from members.identity.services import block_member, create_member
from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from orders.payments.tests.factories import deliver_outbox, post
from points.ledger.errors import InsufficientPoints
from points.ledger.models import PointLot
from points.ledger.queries import balance_of
from points.ledger.tests.making import give as grant_pending
from points.transfers.errors import (
    ReceivingCapReached,
    TooManyTransfers,
    TransferEnded,
    TransferNotFound,
    TransferOnHold,
)
from points.transfers.models import Transfer
from points.transfers.services import (
    accept_transfer,
    cancel_transfer,
    decline_transfer,
    offer_points,
    return_due,
    withdraw_transfer,
)
from points.transfers.tests.making import give, offered
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
STAFF = Actor.staff("clerk")


@pytest.fixture
def friend(db):
    return MemberFactory(phone="+8613900139000", nickname="小红")


def balance(member, now=NOW):
    found = balance_of(member_id=member.pk, now=now)
    return found.available, found.held


def offer(client, points=100, phone="13900139000", **more):
    return post(client, "points/transfers", {"phone": phone, "points": points, **more})


def test_points_are_held_at_once_and_go_over_with_their_expiry(member, member_client, friend):
    expires_at = clock.now() + timedelta(days=30)
    give(member, 150, now=clock.now(), expires_at=expires_at)
    answer = offer(member_client, message="请你喝茶")
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["direction"], made["phone"], made["name"], made["status"]) == ("out", "139****9000", "", "pending")
    assert balance(member, clock.now()) == (50, 100)
    seen = client_for(friend).get("/api/v1/points/transfers").json()["items"]
    assert [(row["id"], row["direction"], row["message"]) for row in seen] == [(made["id"], "in", "请你喝茶")]
    taken = post(client_for(friend), f"points/transfers/{made['id']}/accept")
    assert (taken.status_code, taken.json()["status"]) == (200, "accepted")
    assert balance(member, clock.now()) == (50, 0)
    assert balance(friend, clock.now()) == (100, 0)
    lot = PointLot.objects.get(member=friend)
    assert (lot.expires_at, lot.remaining, lot.source) == (expires_at, 100, "transfer")
    assert lot.parent.member == member


def test_declined_and_withdrawn_points_go_back(member, friend):
    first, second = offered(member, friend, now=NOW), offered(member, friend, points=30, now=NOW)
    decline_transfer(transfer_id=first.pk, member_id=friend.pk, now=NOW)
    withdraw_transfer(transfer_id=second.pk, member_id=member.pk, now=NOW)
    assert balance(member) == (130, 0)
    assert list(Transfer.objects.order_by("pk").values_list("status", "recipient")) == [
        ("declined", friend.pk),
        ("cancelled", None),
    ]


def test_nobody_ends_a_transfer_twice(member, friend):
    transfer = offered(member, friend, now=NOW)
    accept_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=NOW)
    for service, who in (
        (accept_transfer, friend),
        (decline_transfer, friend),
        (withdraw_transfer, member),
    ):
        with pytest.raises(TransferEnded):
            service(transfer_id=transfer.pk, member_id=who.pk, now=NOW)
    with pytest.raises(TransferEnded):
        cancel_transfer(transfer_id=transfer.pk, reason="x", actor=STAFF, now=NOW)
    assert (balance(member), balance(friend)) == ((0, 0), (100, 0))


def test_it_can_be_accepted_until_the_last_second_and_comes_back_then(member, friend):
    first, second = offered(member, friend, now=NOW), offered(member, friend, now=NOW)
    due = NOW + timedelta(hours=24)
    assert first.due_at == due
    assert return_due(now=due - timedelta(seconds=1)) == 0
    accept_transfer(transfer_id=first.pk, member_id=friend.pk, now=due - timedelta(seconds=1))
    with pytest.raises(TransferEnded):
        accept_transfer(transfer_id=second.pk, member_id=friend.pk, now=due)
    assert balance(friend, due) == (100, 0)
    assert return_due(now=due) == 1
    assert return_due(now=due) == 0
    assert balance(member, due) == (100, 0)
    assert Transfer.objects.get(pk=second.pk).ended_by == "system:transfers.return_due"


def test_points_that_expire_sooner_wait_until_their_expiry_only(member, friend):
    expires_at = NOW + timedelta(hours=2)
    give(member, 60, now=NOW, expires_at=expires_at)
    give(member, 60, now=NOW)
    transfer = offer_points(member_id=member.pk, phone=friend.phone, points=100, now=NOW)
    assert transfer.due_at == expires_at
    with pytest.raises(TransferEnded):
        accept_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=expires_at)
    return_due(now=expires_at)
    assert balance(member, expires_at) == (60, 0)
    assert balance(friend, expires_at) == (0, 0)


def test_what_is_accepted_before_new_year_expires_at_new_year(member, friend):
    """31 December 24:00 in Shanghai is the end of both the points and the offer."""
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC)
    evening = midnight - timedelta(hours=1)
    give(member, 100, now=evening, expires_at=midnight)
    transfer = offer_points(member_id=member.pk, phone=friend.phone, points=100, now=evening)
    assert transfer.due_at == midnight
    accept_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=midnight - timedelta(seconds=1))
    assert balance(friend, midnight - timedelta(seconds=1)) == (100, 0)
    assert balance(friend, midnight) == (0, 0)


def test_an_unknown_phone_is_answered_like_a_known_one(member, member_client, friend):
    give(member, 300, now=clock.now())
    known, unknown = offer(member_client), offer(member_client, phone="13900139001")
    assert (known.status_code, unknown.status_code) == (201, 201)
    same = {"direction", "name", "points", "message", "status", "ended_at"}
    assert {key: known.json()[key] for key in same} == {key: unknown.json()[key] for key in same}
    assert known.json().keys() == unknown.json().keys()
    MemberFactory(phone="+8613900139002", status=Member.Status.BLOCKED)
    assert offer(member_client, phone="13900139002").status_code == 201
    assert balance(member, clock.now()) == (0, 300)


def test_who_registers_with_the_phone_hears_of_it_and_may_accept(member):
    give(member, 100, now=NOW)
    transfer = offer_points(member_id=member.pk, phone="+8613900139009", points=100, now=NOW)
    deliver_outbox()
    assert not Notification.objects.filter(event="transfer_offered").exists()
    newcomer = create_member(phone="+8613900139009", now=NOW + timedelta(hours=1))
    deliver_outbox()
    told = Notification.objects.get(event="transfer_offered")
    assert (told.member, told.context["points"]) == (newcomer, 100)
    accept_transfer(transfer_id=transfer.pk, member_id=newcomer.pk, now=NOW + timedelta(hours=2))
    assert balance(newcomer) == (100, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"phone": "13800138888", "points": 100}, "transfer_to_self"),
        ({"phone": "13900139000", "points": 9}, "transfer_too_small"),
        ({"phone": "13900139000", "points": 5001}, "transfer_cap_reached"),
        ({"phone": "13900139000", "points": 4001}, "insufficient_points"),
        ({"phone": "12", "points": 100}, "invalid_input"),
        ({"phone": "057188157815", "points": 100}, "invalid_input"),
        ({"phone": "13900139000", "points": "100"}, "invalid_input"),
        ({"phone": "13900139000", "points": 0}, "invalid_input"),
        ({"phone": "13900139000", "points": 100, "message": "长" * 61}, "invalid_input"),
        ({"phone": "13900139000", "points": 100, "message": "a\nb"}, "invalid_input"),
    ],
)
def test_what_cannot_be_given_is_refused_and_changes_nothing(friend, body, code):
    member = MemberFactory(phone="+8613800138888")
    give(member, 4000, now=clock.now())
    answer = post(client_for(member), "points/transfers", body)
    assert answer.json()["code"] == code
    assert (balance(member, clock.now()), Transfer.objects.count()) == ((4000, 0), 0)


def test_who_has_no_verified_phone_gives_nothing(friend):
    member = MemberFactory(phone=None, openid="loose")
    give(member, 100, now=clock.now())
    assert offer(client_for(member)).json()["code"] == "transfer_needs_phone"
    assert Transfer.objects.count() == 0


def test_the_merchant_may_close_it(member, member_client, friend, monkeypatch):
    monkeypatch.setattr("points.transfers.services.giving.OPEN", type("No", (), {"value": staticmethod(bool)}))
    give(member, 100, now=clock.now())
    assert offer(member_client).json()["code"] == "transfers_closed"


def test_caps_of_a_day_and_a_month_count_what_is_given_and_free_what_came_back(member, friend):
    give(member, 60_000, now=NOW)

    def tell(points, now):
        try:
            return offer_points(member_id=member.pk, phone=friend.phone, points=points, now=now)
        except Exception as error:
            return getattr(error, "code", error), getattr(error, "data", {})

    first, second = tell(5000, NOW), tell(5000, NOW)
    assert tell(10, NOW) == ("transfer_cap_reached", {"left": 0, "period": "day"})
    withdraw_transfer(transfer_id=first.pk, member_id=member.pk, now=NOW)
    assert tell(5000, NOW).points == 5000
    # Midnight in Shanghai, not in Greenwich.
    before, after = datetime(2026, 3, 10, 15, 59, 59, tzinfo=UTC), datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert tell(10, before)[0] == "transfer_cap_reached"
    assert tell(5000, after).points == 5000
    for day in range(1, 5):
        for _ in range(2):
            tell(5000, after + timedelta(days=day))
    given = Transfer.objects.filter(status="pending").count()
    assert given == 10
    assert tell(10, after + timedelta(days=9)) == ("transfer_cap_reached", {"left": 0, "period": "month"})
    assert second.points == 5000


def test_so_many_offers_a_day_and_no_more(member, friend):
    give(member, 1000, now=NOW)
    for _ in range(10):
        transfer = offer_points(member_id=member.pk, phone=friend.phone, points=10, now=NOW)
        withdraw_transfer(transfer_id=transfer.pk, member_id=member.pk, now=NOW)
    with pytest.raises(TooManyTransfers):
        offer_points(member_id=member.pk, phone=friend.phone, points=10, now=NOW)
    assert (balance(member), Transfer.objects.count()) == ((1000, 0), 10)


def test_a_recipient_cannot_collect_without_end(member, friend, monkeypatch):
    monkeypatch.setattr(
        "points.transfers.services.ending.MOST_RECEIVED_PER_MONTH",
        type("Cap", (), {"value": staticmethod(lambda: 150)}),
    )
    first, second = offered(member, friend, now=NOW), offered(member, friend, now=NOW)
    accept_transfer(transfer_id=first.pk, member_id=friend.pk, now=NOW)
    with pytest.raises(ReceivingCapReached) as refused:
        accept_transfer(transfer_id=second.pk, member_id=friend.pk, now=NOW)
    assert refused.value.data == {"left": 50}
    assert (balance(friend), Transfer.objects.get(pk=second.pk).status) == ((100, 0), "pending")


def test_what_a_blocked_member_gave_is_not_taken(member, friend):
    transfer = offered(member, friend, now=NOW)
    block_member(member_id=member.pk, actor=STAFF, now=NOW)
    with pytest.raises(TransferOnHold):
        accept_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=NOW)
    assert (balance(friend), balance(member)) == ((0, 0), (0, 100))


def test_points_that_are_pending_cannot_be_given(member, friend):
    with transaction.atomic():
        grant_pending(member, 100, now=NOW, matures_at=NOW + timedelta(days=7))
    with pytest.raises(InsufficientPoints):
        offer_points(member_id=member.pk, phone=friend.phone, points=100, now=NOW)
    assert Transfer.objects.count() == 0
    week_later = NOW + timedelta(days=7)
    assert offer_points(member_id=member.pk, phone=friend.phone, points=100, now=week_later).points == 100


def test_it_is_the_affair_of_the_two(member, friend):
    transfer = offered(member, friend, now=NOW)
    stranger = MemberFactory()
    for service in (accept_transfer, decline_transfer, withdraw_transfer):
        with pytest.raises(TransferNotFound):
            service(transfer_id=transfer.pk, member_id=stranger.pk, now=NOW)
    with pytest.raises(TransferNotFound):
        accept_transfer(transfer_id=transfer.pk, member_id=member.pk, now=NOW)
    with pytest.raises(TransferNotFound):
        withdraw_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=NOW)
    assert Transfer.objects.get().status == "pending"


def test_the_two_are_told_once(member, friend):
    accepted, declined = offered(member, friend, now=NOW), offered(member, friend, now=NOW)
    deliver_outbox()
    accept_transfer(transfer_id=accepted.pk, member_id=friend.pk, now=NOW)
    decline_transfer(transfer_id=declined.pk, member_id=friend.pk, now=NOW)
    deliver_outbox()
    deliver_outbox()
    told = Notification.objects.filter(event__startswith="transfer_").order_by("pk")
    assert list(told.values_list("event", "member")) == [
        ("transfer_offered", friend.pk),
        ("transfer_offered", friend.pk),
        ("transfer_accepted", member.pk),
        ("transfer_given_back", member.pk),
    ]
    assert "139****9000" in told[2].body
    assert friend.nickname not in told[2].body


def test_the_same_key_gives_once(member, member_client, friend):
    give(member, 300, now=clock.now())
    answers = [
        post(member_client, "points/transfers", {"phone": "13900139000", "points": 100}, key="k1") for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert (balance(member, clock.now()), Transfer.objects.count()) == ((200, 100), 1)


def test_a_number_that_changed_hands_shows_nothing_of_before(member, friend):
    old = offered(member, friend, now=NOW)
    decline_transfer(transfer_id=old.pk, member_id=friend.pk, now=NOW)
    late = offered(member, friend, now=NOW)
    return_due(now=NOW + timedelta(hours=24))
    Member.objects.filter(pk=friend.pk).update(phone=None)
    owner = MemberFactory(phone=friend.phone)
    assert client_for(owner).get("/api/v1/points/transfers").json()["items"] == []
    assert {old.pk, late.pk} == {
        row["id"] for row in client_for(member).get("/api/v1/points/transfers").json()["items"]
    }


def test_the_list_costs_the_same_however_long(member, friend, django_assert_num_queries):
    give(member, 1000, now=NOW)
    client = client_for(member)
    for count in (1, 6):
        for _ in range(count):
            offered(friend, member, points=10, now=clock.now())
        with django_assert_num_queries(2):
            assert client.get("/api/v1/points/transfers").status_code == 200
