"""The gate: it turns a crowd away before the database, is rebuilt when lost, and never decides for good."""

import time
import uuid

import pytest
import redis
from django.conf import settings as django_settings

from members.identity.tests.factories import MemberFactory
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, place, quote
from promotions.campaigns.services.lifecycle import pause_campaign, resume_campaign
from promotions.flash_sale import admission, gate
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleUse
from promotions.flash_sale.preferences import TRIES
from promotions.flash_sale.tests.making import AUTHOR, HOUR, asked, live_item
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.preferences import set_preference
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=50)


@pytest.fixture
def client(member):
    return buyer(member)


@pytest.fixture
def server():
    return redis.Redis.from_url(django_settings.CACHE_URL)


def keys(item, part):
    return f"{django_settings.CATALOG_CACHE_PREFIX}:flash_sale:{item.pk}:{part}"


def known(server, item):
    """What Redis holds of the item: units left, and units by member."""
    had = {int(pk): int(units) for pk, units in server.hgetall(keys(item, "members")).items()}
    return int(server.hget(keys(item, "state"), "left")), {pk: units for pk, units in had.items() if units}


def lose(server, item):
    """Redis was flushed: of the item nothing is known any more."""
    server.delete(*server.keys(keys(item, "*")))


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def left(item):
    return FlashSaleItem.objects.get(pk=item.pk).left


def cancel(order):
    with unit_of_work():
        cancel_unpaid(order=lock_order(number=order.number), actor=Actor.member(order.member_id), now=clock.now())


def test_who_comes_when_all_is_sold_is_turned_away_without_a_query(client, tea, django_assert_num_queries):
    item = live_item(tea, quota=1)
    late = buyer(MemberFactory())
    assert place(client, asked(item)).status_code == 201
    with django_assert_num_queries(0):
        refused = place(late, asked(item))
        from_cart = place(late, {"from_cart": True, "activity": asked(item)["activity"]})
    assert refusal(refused) == refusal(from_cart) == (409, "flash_sale_sold_out")
    assert refused.json()["message"] == "已抢光，未付款的订单几分钟后可能释放名额"
    assert (refused["X-Request-Id"], refused["Content-Type"]) == (refused.json()["request_id"], "application/json")
    assert (Order.objects.count(), left(item)) == (1, 0)


def test_who_asks_for_a_price_when_all_is_sold_is_told_without_a_query(client, tea, django_assert_num_queries):
    item = live_item(tea, quota=1)
    late = buyer(MemberFactory())
    assert place(client, asked(item)).status_code == 201
    with django_assert_num_queries(0):
        assert refusal(quote(late, asked(item))) == (409, "flash_sale_sold_out")


def test_a_quote_takes_nothing_at_the_gate_and_is_no_try(client, member, tea, server):
    item = live_item(tea, quota=2)
    for _ in range(TRIES.value() + 1):
        assert quote(client, asked(item, 2)).status_code == 200
    assert known(server, item) == (2, {})
    assert server.keys(keys(item, "t*")) == []
    assert place(client, asked(item, 2)).status_code == 201
    assert known(server, item) == (0, {member.pk: 2})


@pytest.mark.parametrize(("starts_in", "code"), [(HOUR, "flash_sale_not_started"), (-3 * HOUR, "flash_sale_over")])
def test_who_comes_at_the_wrong_time_is_turned_away_without_a_query(
    client, tea, starts_in, code, django_assert_num_queries
):
    item = live_item(tea, starts_in=starts_in)
    place(client, asked(item))
    with django_assert_num_queries(0):
        assert refusal(place(client, asked(item))) == (409, code)


def test_more_than_a_member_may_have_is_refused_at_the_gate(client, member, tea, server):
    item = live_item(tea, limit_per_member=2)
    assert place(client, asked(item, 2)).status_code == 201
    assert known(server, item) == (3, {member.pk: 2})
    again = place(client, asked(item))
    assert refusal(again) == (409, "flash_sale_limit_reached")
    assert again.json()["data"] == {"limit": 2}
    assert known(server, item) == (3, {member.pk: 2})


def test_an_order_that_is_not_placed_gives_its_place_at_the_gate_back(member, tea, server):
    from_nowhere = buyer(member)
    member.addresses.all().delete()
    item = live_item(tea)
    key = uuid.uuid4().hex
    assert refusal(place(from_nowhere, asked(item, 2), key=key)) == (409, "address_required")
    assert (known(server, item), left(item)) == ((5, {}), 5)
    assert not server.exists(keys(item, f"token:{member.pk}:{key}"))


@pytest.mark.parametrize("has_lost", [False, True])
def test_a_request_that_comes_twice_is_answered_alike_even_when_all_is_sold(client, tea, server, has_lost):
    """Also after Redis has lost what it knew of the first."""
    item = live_item(tea, quota=1, limit_per_member=1)
    key = uuid.uuid4().hex
    first = place(client, asked(item), key=key)
    if has_lost:
        lose(server, item)
    again = place(client, asked(item), key=key)
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert refusal(place(client, asked(item))) == (409, "flash_sale_limit_reached")
    assert (Order.objects.count(), left(item)) == (1, 0)


def test_what_was_lost_is_read_from_the_database_once(client, member, tea, server):
    item = live_item(tea, limit_per_member=3)
    place(client, asked(item, 2))
    lose(server, item)
    other = MemberFactory()
    assert place(buyer(other), asked(item)).status_code == 201
    assert known(server, item) == (2, {member.pk: 2, other.pk: 1})
    assert 0 < server.pttl(keys(item, "state")) <= gate.SYNC_MS
    assert 0 < server.pttl(keys(item, "members")) <= gate.MEMBERS_MS
    assert refusal(place(client, asked(item, 2))) == (409, "flash_sale_limit_reached")


def test_units_that_come_back_are_sold_at_once(client, tea):
    item = live_item(tea, quota=1)
    place(client, asked(item))
    late = buyer(MemberFactory())
    assert refusal(place(late, asked(item))) == (409, "flash_sale_sold_out")
    cancel(Order.objects.get())
    assert place(late, asked(item)).status_code == 201


def test_a_gate_that_is_wrong_is_right_again_within_moments(client, tea, server):
    """As after a process that was killed between the gate and its order: nobody gives its units back."""
    item = live_item(tea, quota=2)
    for member in MemberFactory.create_batch(2):
        ticket = gate.Ticket(item.pk, member.pk, 1, uuid.uuid4().hex)
        assert admission.admit(ticket, principal=f"member:{member.pk}", now=clock.now()) is ticket
    assert refusal(place(client, asked(item))) == (409, "flash_sale_sold_out")
    server.pexpire(keys(item, "state"), 1)
    while server.exists(keys(item, "state")):
        pass
    assert place(client, asked(item)).status_code == 201


def test_a_gate_that_lets_too_many_in_sells_no_more(client, tea, server):
    item = live_item(tea, quota=1, limit_per_member=None)
    place(client, asked(item))
    server.hset(keys(item, "state"), "left", 5)
    late = buyer(MemberFactory())
    assert refusal(place(late, asked(item))) == (409, "flash_sale_sold_out")
    assert not server.exists(keys(item, "state"))
    assert refusal(place(late, asked(item))) == (409, "flash_sale_sold_out")
    assert (known(server, item)[0], Order.objects.count(), left(item)) == (0, 1, 0)


def test_a_paused_sale_closes_and_opens_at_once(client, tea, django_assert_num_queries):
    item = live_item(tea)
    sale = item.session.sale
    assert place(client, asked(item)).status_code == 201
    pause_campaign(kind=sale.KIND, pk=sale.pk, actor=AUTHOR, now=clock.now())
    assert refusal(place(client, asked(item))) == (404, "activity_not_found")
    with django_assert_num_queries(0):
        assert refusal(place(client, asked(item))) == (404, "activity_not_found")
    resume_campaign(kind=sale.KIND, pk=sale.pk, actor=AUTHOR, now=clock.now())
    assert place(client, asked(item)).status_code == 201


def test_a_member_who_tries_without_end_is_told_to_wait(client, tea):
    set_preference(TRIES, 3)
    item = live_item(tea, limit_per_member=1)
    place(client, asked(item))
    answers = [place(client, asked(item)) for _ in range(3)]
    assert [answer.json()["code"] for answer in answers] == ["flash_sale_limit_reached"] * 2 + ["rate_limited"]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 10
    assert place(buyer(MemberFactory()), asked(item)).status_code == 201


def test_without_redis_everybody_passes_and_the_database_decides(client, tea, settings, monkeypatch):
    item = live_item(tea, quota=1)
    settings.CACHE_URL = NOWHERE
    calls = []
    scripts = gate._scripts
    monkeypatch.setattr(gate, "_scripts", lambda url: calls.append(url) or scripts(url))
    assert place(client, asked(item)).status_code == 201
    late = buyer(MemberFactory())
    for _ in range(3):
        assert refusal(place(late, asked(item))) == (409, "flash_sale_sold_out")
    # After the first failure nobody waits for Redis again for a moment.
    assert 1 <= len(calls) <= 3
    assert (Order.objects.count(), left(item)) == (1, 0)


def test_what_cannot_be_understood_is_refused_as_from_anybody(client, member_client, tea, api):
    item = live_item(tea)
    assert refusal(place(api, asked(item))) == (401, "not_signed_in")
    no_key = client.post("/api/v1/orders", asked(item))
    assert refusal(no_key) == (400, "idempotency_key_required")
    for body in ([], {"activity": 5}, {**asked(item), "items": [{"quantity": "x"}]}, asked(item) | {"surplus": 1}):
        assert refusal(place(client, body)) == (400, "invalid_input")
    broken = client.generic(
        "POST", "/api/v1/orders", b"{", content_type="application/json", headers={"Idempotency-Key": "k1"}
    )
    assert refusal(broken) == (400, "malformed_body")
    assert (Order.objects.count(), left(item)) == (0, 5)


@pytest.mark.parametrize("guarded", [True, False])
def test_the_gate_lets_in_as_many_as_there_are(tea, server, guarded):
    """Its control looks first and counts afterwards."""
    item = live_item(tea, quota=3, limit_per_member=None)
    members = MemberFactory.create_batch(12)
    gate.store(item.pk, gate.State(3, None, item.session.starts_at, item.session.ends_at), {})

    def enter(member):
        ticket = gate.Ticket(item.pk, member.pk, 1, uuid.uuid4().hex)
        answer = gate.ask(ticket, tries=10, now=clock.now())
        return answer is not None and answer.outcome == gate.IN

    def look_and_leap(member):
        if int(server.hget(keys(item, "state"), "left")) < 1:
            return False
        time.sleep(0.05)
        server.hincrby(keys(item, "state"), "left", -1)
        return True

    entered = run_together(*[lambda each=each: (enter if guarded else look_and_leap)(each) for each in members])
    assert entered.count(True) == 3 if guarded else entered.count(True) > 3


def test_a_crowd_at_the_door_buys_exactly_the_quota(tea):
    item = live_item(tea, quota=3, limit_per_member=1)
    crowd = [buyer(MemberFactory()) for _ in range(10)]
    answers = run_together(*[lambda each=each: place(each, asked(item)).status_code for each in crowd])
    assert sorted(answers) == [201] * 3 + [409] * 7
    assert (FlashSaleUse.objects.count(), left(item)) == (3, 0)


@pytest.mark.parametrize("what", ["stock", "budget"])
def test_the_gate_turns_away_who_comes_when_stock_or_budget_is_gone_before_the_quota(
    client, what, django_assert_num_queries
):
    """The budget of ¥25 reaches for one unit, of which the sale takes off ¥20."""
    tea = SkuFactory(price_fen=10_000, stock=1 if what == "stock" else 50)
    item = live_item(tea, quota=100, sale={"budget_fen": 2500} if what == "budget" else {})
    assert place(client, asked(item)).status_code == 201
    late = buyer(MemberFactory())
    with django_assert_num_queries(0):
        assert refusal(place(late, asked(item))) == (409, "flash_sale_sold_out")
    cancel(Order.objects.get())
    gate.forget([item.pk])
    assert place(late, asked(item)).status_code == 201


@pytest.mark.parametrize(("what", "code"), [("stock", "out_of_stock"), ("budget", "campaign_budget_spent")])
def test_what_the_database_knew_better_is_read_anew(client, tea, server, what, code, django_assert_num_queries):
    """It was gone after the gate had looked."""
    late = buyer(MemberFactory())
    item = live_item(tea, quota=100, sale={"budget_fen": 100_000})
    assert quote(client, asked(item)).status_code == 200
    assert known(server, item) == (50, {})
    if what == "stock":
        SkuStock.objects.update(available=0)
    else:
        FlashSale.objects.update(spent_fen=99_000)
    assert refusal(place(client, asked(item))) == (409, code)
    assert refusal(place(client, asked(item))) == (409, "flash_sale_sold_out")
    with django_assert_num_queries(0):
        assert refusal(place(late, asked(item))) == (409, "flash_sale_sold_out")
