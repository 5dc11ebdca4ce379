"""Two accounts that become one, members who leave, members who take their data along."""

from threading import Event

import pytest
from django.db import OperationalError

from promotions.distribution import member_data
from promotions.distribution.ledger import Move, book
from promotions.distribution.locks import lock_accounts, lock_sale
from promotions.distribution.member_data import erase, export, move
from promotions.distribution.models import Binding, Bucket, Distributor, EntryKind, Sale, Visit
from promotions.distribution.services.joining import join, pause
from promotions.distribution.services.selling import clear_sale
from promotions.distribution.tests.making import (
    NOW,
    STAFF,
    balances,
    customer,
    distributor,
    later,
    laws,
    prefer,
    released,
    sold,
    visit,
)
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together, until_somebody_waits

pytestmark = pytest.mark.django_db


def test_two_distributors_become_one_with_all_that_both_have():
    gone, kept = distributor(rate_bp=1000), distributor(rate_bp=1000)
    first, second = customer(gone), customer(kept)
    visit(first, kept)
    released(sold(first, 1000))
    sold(second, 500)
    below = distributor(customer(gone), now=later(minutes=1))
    assert move(source_id=gone.member_id, target_id=kept.member_id, now=later(days=1)) == {"sales": 1}
    assert balances(kept) == {"frozen": 50, "available": 100}
    below.refresh_from_db()
    assert (below.recruiter, Distributor.objects.count()) == (kept, 2)
    assert sold(first, 1000, now=later(days=2)).distributor == kept
    assert Visit.objects.filter(member=first).count() == 1
    assert laws() == []


def test_a_chain_that_is_joined_at_both_ends_has_no_circle():
    top = distributor()
    middle = distributor(customer(top), now=later(minutes=1))
    bottom = distributor(customer(middle, now=later(minutes=2)), now=later(minutes=3))
    move(source_id=top.member_id, target_id=bottom.member_id, now=later(days=1))
    bottom.refresh_from_db()
    middle.refresh_from_db()
    assert (bottom.recruiter, middle.recruiter) == (None, bottom)


def test_both_levels_of_an_order_may_become_one_beneficiary():
    prefer(second_level=True)
    top = distributor(second_rate_bp=200)
    seller = distributor(customer(top), rate_bp=1000, now=later(minutes=1))
    sale = sold(customer(seller, now=later(hours=1)), 1000, now=later(hours=2))
    move(source_id=seller.member_id, target_id=top.member_id, now=later(days=1))
    assert balances(top) == {"frozen": 120}
    released(sale, now=later(days=9))
    assert (balances(top), laws()) == ({"available": 120}, [])


def test_a_distributor_goes_along_and_nobody_is_their_own_customer(member):
    seller = distributor()
    buyer = customer(seller)
    sold(buyer, 1000)
    move(source_id=seller.member_id, target_id=buyer.pk, now=later(days=1))
    assert Distributor.objects.get().member == buyer
    assert Binding.objects.get().ended_at == later(days=1)
    move(source_id=buyer.pk, target_id=member.pk, now=later(days=2))
    assert (Sale.objects.get().buyer, Binding.objects.get().member) == (member, member)


def test_two_customers_become_one_who_stays_whose_the_target_was():
    first, second = distributor(), distributor()
    gone, kept = customer(first), customer(second)
    move(source_id=gone.pk, target_id=kept.pk, now=later(days=1))
    [row] = Binding.objects.filter(member=kept, ended_at=None)
    assert (row.distributor, Binding.objects.filter(member=kept).count()) == (second, 2)


def test_who_leaves_sells_no_more_and_their_words_go():
    seller = distributor()
    buyer = customer(seller)
    sold(buyer, 1000, payer="openid")
    Distributor.objects.update(note="my name is Li", reason="because")
    assert erase(member_id=seller.member_id, now=later(days=1))["distributors"] == 1
    row = Distributor.objects.get()
    assert (row.standing, row.note, row.reason) == ("closed", "", "")
    assert sold(buyer, 1000, now=later(days=2)) is None
    assert erase(member_id=buyer.pk, now=later(days=2)) == {
        "distributors": 0,
        "payers_of_sales": 1,
        "visits": 1,
        "payees": 0,
    }
    assert (Sale.objects.get().payer_digest, laws()) == ("", [])


def test_what_is_taken_along(member):
    seller = distributor(rate_bp=1000)
    buyer = customer(seller)
    sale = sold(buyer, 1000)
    told = export(member_id=seller.member_id)
    assert told["distributor"][0]["standing"] == "active"
    assert told["commissions"] == [
        {
            "sale__order_number": sale.order_number,
            "level": 1,
            "rate_bp": 1000,
            "left_fen": 1000,
            "earned_fen": 100,
            "amount_fen": 100,
        }
    ]
    assert [row["amount_fen"] for row in told["commission_entries"]] == [100]
    bought = export(member_id=buyer.pk)
    assert [row["order_number"] for row in bought["orders_sold_by_distributors"]] == [sale.order_number]
    assert (len(bought["customer_of_distributors"]), len(bought["visits_by_distributors_links"])) == (1, 1)
    join(member_id=member.pk, note="", now=NOW)
    assert export(member_id=member.pk)["commissions"] == []


@pytest.mark.parametrize("paused", ["source", "target"])
def test_a_pause_holds_for_the_account_that_two_become(paused):
    source, target = distributor(), distributor()
    pause(distributor_id={"source": source, "target": target}[paused].pk, reason="fraud", actor=STAFF, now=NOW)
    move(source_id=source.member_id, target_id=target.member_id, now=later(days=1))
    row = Distributor.objects.get()
    assert (row.pk, row.standing, row.reason) == (target.pk, "paused", "fraud")


def test_who_sold_with_either_account_goes_on_selling():
    source, target = distributor(), distributor()
    Distributor.objects.filter(pk=target.pk).update(standing="refused", joined_at=None)
    move(source_id=source.member_id, target_id=target.member_id, now=later(days=1))
    row = Distributor.objects.get()
    assert (row.pk, row.standing, row.joined_at) == (target.pk, "active", NOW)


@pytest.mark.parametrize("buyer_stays", [True, False])
def test_orders_that_become_own_purchases_wait_for_a_person(buyer_stays):
    seller = distributor(rate_bp=1000)
    buyer, other = customer(seller), customer(seller)
    frozen, before, others = sold(buyer, 1000), sold(buyer, 2000), sold(other, 4000)
    released(before)
    both = {"source_id": seller.member_id, "target_id": buyer.pk}
    if not buyer_stays:
        both = {"source_id": buyer.pk, "target_id": seller.member_id}
    move(now=later(days=1), **both)
    assert list(Sale.objects.order_by("pk").values_list("pk", "review", "signs")) == [
        (frozen.pk, "held", ["own"]),
        (before.pk, "clear", []),
        (others.pk, "clear", []),
    ]
    clear_sale(sale_id=frozen.pk, actor=STAFF, now=later(days=1))
    move(now=later(days=1), **both)
    assert (Sale.objects.filter(review="held").count(), laws()) == (0, [])


def test_own_purchases_are_no_suspicion_where_distributors_earn_by_them():
    prefer(own_purchases="themselves")
    seller = distributor()
    buyer = customer(seller)
    sold(buyer, 1000)
    move(source_id=buyer.pk, target_id=seller.member_id, now=later(days=1))
    assert (Sale.objects.get().review, Sale.objects.get().signs) == ("clear", [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_merge_and_a_refund_at_once_both_end(guarded, monkeypatch):
    """The refund holds the order and goes on to the account; the control locks the account first, and one of both is
    ended by the database.
    """
    source, target = distributor(rate_bp=1000), distributor()
    sale = sold(customer(source), 10_000)
    holds = Event()
    if not guarded:
        monkeypatch.setattr(member_data, "lock_for_merge", _accounts_first)

    def refund():
        with unit_of_work():
            lock_sale(order_number=sale.order_number).save()
            holds.set()
            until_somebody_waits()
            taken = Move(source.pk, EntryKind.REVERSED, 100, "x", sale.pk, place=Bucket.FROZEN)
            book([taken], now=NOW)
        return "refunded"

    def merge():
        assert holds.wait(60)
        with unit_of_work():
            move(source_id=source.member_id, target_id=target.member_id, now=NOW)
        return "merged"

    answers = run_together(refund, merge)
    assert (answers == ["refunded", "merged"]) == guarded
    if guarded:
        assert balances(target) == {"frozen": 900}
    else:
        assert [type(each) for each in answers].count(OperationalError) == 1


def _accounts_first(*, source_id, target_id):
    found = {row.member_id: row for row in Distributor.objects.filter(member_id__in=(source_id, target_id))}
    lock_accounts(row.pk for row in found.values())
    return found
