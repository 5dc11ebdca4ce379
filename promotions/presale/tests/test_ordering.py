"""What an order takes of a presale, from the quote to its end, as members place it: over HTTP."""

from threading import Barrier

import pytest
from django.db.models import F

from members.identity.tests.factories import MemberFactory
from orders.checkout.locks import lock_order
from orders.checkout.models import Deposit, Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, items, place, quote, stock
from promotions.campaigns.models import FirstPurchase
from promotions.checkout.models import ClaimStatus, PromotionClaim
from promotions.checkout.returns import LineNow, count_returns
from promotions.presale import services
from promotions.presale.errors import PresaleLimitReached, PresaleSoldOut
from promotions.presale.invariants import LAWS
from promotions.presale.models import PresaleItem, PresaleTally, PresaleUse
from promotions.presale.services import claim_presale, confirm_presale, take_units
from promotions.presale.tests.making import make_full_item, make_item, make_presale, wish
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(member):
    return buyer(member)


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def order_of(answer):
    assert answer.status_code == 201, answer.content
    return Order.objects.get(number=answer.json()["number"])


def cancel(order):
    with unit_of_work():
        cancel_unpaid(order=lock_order(number=order.number), actor=Actor.member(order.member_id), now=clock.now())


def lawful():
    return [sentence for law in LAWS for sentence in law()] == []


def untouched(item):
    item.refresh_from_db()
    return item.taken == 0 and not PresaleUse.objects.exists() and not Order.objects.exists() and lawful()


def test_ten_that_count_for_twenty_come_off_the_price(client, tea):
    """Three tins at ¥98: ¥30 now, 3 × ¥78 later, ¥264 in all instead of ¥300 at list price."""
    item = make_item(tea)
    seen = quote(client, wish(item, 3)).json()
    freight = seen["freight_fen"]
    assert (seen["goods_fen"], seen["discount_fen"]) == (30_000, 3600)
    assert (seen["payable_fen"], seen["deposit_fen"]) == (26_400 + freight, 3000)
    assert seen["balance_fen"] == 23_400 + freight
    assert (seen["deposit_back_if_missed"], seen["deposit_back_on_request"]) == (False, True)
    order = order_of(place(client, wish(item, 3, expected_payable_fen=seen["payable_fen"])))
    told = client.get(f"/api/v1/orders/{order.number}").json()
    assert (told["due_fen"], told["due_from"], told["deposit_status"]) == (3000, None, "awaited")
    assert [told[name] for name in ("balance_from", "balance_until", "ships_at")] == [
        seen[name] for name in ("balance_from", "balance_until", "ships_at")
    ]
    assert told["activities"] == [{"kind": "presale", "id": item.pk, "label": "新茶预售"}]
    deposit = Deposit.objects.get(order=order)
    assert (deposit.balance_until, order.ships_at) == (item.presale.balance_until, item.presale.ships_at)


def test_paid_in_full_at_once_there_is_no_deposit_but_a_day_on_which_it_is_sent(client, tea):
    item = make_full_item(tea)
    order = order_of(place(client, wish(item)))
    assert (order.deposit_fen, order.due_fen) == (0, order.payable_fen)
    assert order.ships_at == item.presale.ships_at
    assert not Deposit.objects.exists()


def test_a_presale_at_list_price_counts_as_well(client, tea):
    item = make_full_item(tea, price_fen=10_000, quota=5)
    order_of(place(client, wish(item, 2)))
    use = PresaleUse.objects.get()
    assert (use.units, use.discount_fen) == (2, 0)
    item.refresh_from_db()
    assert item.taken == 2


def test_an_order_holds_its_units_until_it_is_given_up(member, client, tea):
    item = make_item(tea, presale=make_presale(budget_fen=10_000), quota=5, limit_per_member=3)
    order = order_of(place(client, wish(item, 2)))
    item.refresh_from_db()
    assert (item.taken, PresaleTally.objects.get().units, item.presale.spent_fen) == (2, 2, 2400)
    assert lawful()
    cancel(order)
    item.refresh_from_db()
    assert (item.taken, PresaleTally.objects.get().units, item.presale.spent_fen) == (0, 0, 0)
    assert stock(tea) == (20, 0)
    assert lawful()


def test_goods_that_come_back_give_their_units_back(client, tea):
    item = make_item(tea, presale=make_presale(budget_fen=10_000), quota=5)
    order = order_of(place(client, wish(item, 3)))
    with unit_of_work():
        confirm_presale(order_number=order.number, paid_fen=order.payable_fen, now=clock.now())
    PromotionClaim.objects.filter(order_number=order.number).update(status=ClaimStatus.CONFIRMED)
    ordered = order.lines.get()
    for back, left, cost in ((1, 2, 2400), (3, 0, 0)):
        with unit_of_work():
            line = LineNow(tea.pk, 3, back, ordered.adjustments)
            count_returns(order_number=order.number, lines=[line], paid_fen=100, was_sent=True, now=clock.now())
        item.refresh_from_db()
        assert (item.taken, item.presale.spent_fen) == (left, cost)
        assert lawful()


@pytest.mark.parametrize(
    ("fields", "quantity", "code"),
    [
        ({"quota": 2}, 3, "presale_sold_out"),
        ({"limit_per_member": 2}, 3, "presale_limit_reached"),
        ({"presale": {"budget_fen": 2399}}, 2, "campaign_budget_spent"),
        ({"presale": {"new_members_only": True}, "old": True}, 1, "campaign_for_new_members"),
        ({"presale": {"status": "paused"}}, 1, "activity_not_found"),
    ],
)
def test_what_cannot_be_had_is_refused_and_nothing_is_taken(member, client, tea, fields, quantity, code):
    if fields.pop("old", False):
        FirstPurchase.objects.create(member=member, order_number="before", placed_at=clock.now())
    if "presale" in fields:
        fields["presale"] = make_presale(**fields["presale"])
    item = make_item(tea, **fields)
    for answer in (quote(client, wish(item, quantity)), place(client, wish(item, quantity))):
        assert answer.json()["code"] == code
    assert untouched(item)


def test_its_goods_are_ordered_by_themselves(client, tea):
    item, other = make_item(tea), SkuFactory(price_fen=900)
    both = {**wish(item), "items": items((tea, 1), (other, 1))}
    for body in (both, {**wish(item), "items": items((other, 1))}):
        assert place(client, body).json()["code"] == "activity_goods"
    assert untouched(item)


def test_what_was_agreed_on_stays_when_the_presale_changes(client, tea):
    item = make_item(tea)
    order = order_of(place(client, wish(item)))
    item.presale.back_if_missed, item.presale.back_on_request = True, False
    item.presale.save()
    deposit = Deposit.objects.get(order=order)
    assert (deposit.back_if_missed, deposit.back_on_request) == (False, True)


CROWD = 50
ALL_HAVE_LOOKED = Barrier(CROWD, timeout=60)


def look_and_leap(item, units):
    """The twin without the condition: it looks at what is left, and takes it."""
    seen = PresaleItem.objects.get(pk=item.pk)
    ALL_HAVE_LOOKED.wait()
    if seen.quota - seen.taken < units:
        raise PresaleSoldOut(left=seen.left)
    PresaleItem.objects.filter(pk=item.pk).update(quota=F("quota") + units, taken=F("taken") + units)


@pytest.mark.parametrize(("guarded", "sold"), [(True, 3), (False, CROWD)])
def test_the_last_units_are_ordered_once(tea, guarded, sold):
    item = make_item(tea, quota=3)

    def take():
        with unit_of_work():
            (take_units if guarded else look_and_leap)(item=item, units=1)
        return "sold"

    answers = run_together(*[take] * CROWD)
    assert answers.count("sold") == sold
    assert {type(each) for each in answers if each != "sold"} <= {PresaleSoldOut}


def test_of_many_buyers_at_once_as_many_order_as_there_is_quota(tea):
    item = make_item(tea, quota=2)
    clients = [buyer(member) for member in MemberFactory.create_batch(6)]
    answers = run_together(*[lambda each=each: place(each, wish(item)).status_code for each in clients])
    assert sorted(answers) == [201, 201, 409, 409, 409, 409]
    item.refresh_from_db()
    assert (item.taken, stock(tea)) == (2, (18, 2))
    assert lawful()


@pytest.mark.parametrize(("guarded", "ordered"), [(True, 2), (False, CROWD)])
def test_a_members_limit_holds_against_their_own_devices(member, tea, guarded, ordered, monkeypatch):
    item = make_item(tea, limit_per_member=2)
    if not guarded:
        monkeypatch.setattr(services, "_count_member", lambda item, member_id, units: None)

    def claim(number):
        given = {"order_number": f"D{number}", "member_id": member.pk, "item_id": item.pk}
        with unit_of_work():
            claim_presale(**given, units=1, discount_fen=1200, now=clock.now())

    answers = run_together(*[lambda number=number: claim(number) for number in range(CROWD)])
    assert PresaleUse.objects.count() == ordered
    assert {type(each) for each in answers if each is not None} == ({PresaleLimitReached} if guarded else set())
    assert lawful() or not guarded


def test_one_member_at_many_doors_keeps_to_the_limit(member, client, tea):
    FirstPurchase.objects.create(member=member, order_number="before", placed_at=clock.now())
    item = make_item(tea, limit_per_member=2)
    answers = run_together(*[lambda: place(client, wish(item)).status_code] * 6)
    assert sorted(answers) == [201, 201, 409, 409, 409, 409]
    assert PresaleTally.objects.get().units == 2
    assert lawful()


def shown(api, sku):
    """The activities that the product shows; what was shown before is kept in the cache until told otherwise."""
    return [each["kind"] for each in api.get(f"/api/v1/products/{sku.product_id}").json()["activities"]]


def test_a_presale_is_shown_until_its_last_unit_is_ordered_and_when_that_comes_back(api, client, tea):
    item = make_item(tea, quota=2)
    assert shown(api, tea) == ["presale"]
    order = order_of(place(client, wish(item, 2)))
    assert shown(api, tea) == []
    cancel(order)
    assert shown(api, tea) == ["presale"]
