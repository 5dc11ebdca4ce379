"""What orders are worth: rates, levels, refunds, settlement. All amounts are worked out by hand."""

from itertools import permutations
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from promotions.distribution.errors import SaleNotHeld, SaleNotRefused, SaleRefused
from promotions.distribution.models import Binding, Commission, CommissionEntry, ProductRate, Sale
from promotions.distribution.rates import shares
from promotions.distribution.services import selling
from promotions.distribution.services.joining import pause
from promotions.distribution.services.selling import (
    SoldLine,
    clear_sale,
    follow_refunds,
    refuse_sale,
    restore_sale,
    sell,
)
from promotions.distribution.services.settling import complete_sale, release_due, settle, settle_due
from promotions.distribution.services.withdrawing import approve_withdrawal, ask_for_withdrawal
from promotions.distribution.tests.making import (
    NOW,
    STAFF,
    balances,
    customer,
    distributor,
    later,
    laws,
    left,
    prefer,
    product,
    released,
    settled,
    sold,
)
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


def worth(sale, level=1):
    return list(sale.commissions.filter(level=level).order_by("position").values_list("amount_fen", flat=True))


def test_shares_add_up_to_the_fen():
    # 5% of 0.33 is 1.65 fen; of three of them 4.95, which is 4, though each alone would be 1.
    assert shares([33, 33, 33], [500, 500, 500]) == [1, 2, 1]
    assert shares([33, 0, 33], [500, 500, 500]) == [1, 0, 2]
    assert shares([100, 100], [0, 1000]) == [0, 10]
    assert shares([], []) == []


def test_each_line_is_worth_its_rate_and_the_order_what_they_are_together(member):
    seller = distributor(rate_bp=500)
    sale = sold(customer(seller), 33, 33, 33)
    assert (worth(sale), balances(seller)) == ([1, 2, 1], {"frozen": 4})
    assert list(sale.commissions.values_list("rate_bp", flat=True).distinct()) == [500]
    assert laws() == []


def test_a_product_has_rates_of_its_own_and_a_grade_its_own_of_those():
    seller, (tea, cup, book) = distributor(rate_bp=500), (product(), product(), product())
    ProductRate.objects.create(product=tea, rate_bp=1000)
    ProductRate.objects.create(product=cup, rate_bp=2000)
    ProductRate.objects.create(product=cup, grade=seller.grade, rate_bp=0)
    sale = sold(customer(seller), 10_000, 10_000, 10_000, products=(tea, cup, book))
    assert worth(sale) == [1000, 0, 500]
    seller.grade.rate_bp = 4000
    seller.grade.save()
    assert left(sale, 10_000, 10_000, 5_000) == 250


def test_an_order_is_sold_once_and_nothing_is_sold_for_nobody(member):
    seller = distributor()
    buyer = customer(seller)
    lines = [SoldLine(0, product().pk, 1, 10_000)]
    for _ in range(3):
        with unit_of_work():
            sell(order_number="D1", buyer_id=buyer.pk, lines=lines, payer="", sold_at=NOW, now=later(days=1))
    assert (Commission.objects.count(), CommissionEntry.objects.count()) == (1, 1)
    assert balances(seller) == {"frozen": 500}
    assert sold(member, 10_000) is None
    assert sold(buyer) is None
    assert sold(buyer, 0) is None


def test_the_second_level_is_a_setting_and_the_third_is_no_row():
    top = distributor(second_rate_bp=200)
    middle = distributor(customer(top), second_rate_bp=300)
    seller = distributor(customer(middle), rate_bp=1000)
    buyer = customer(seller)
    assert worth(sold(buyer, 10_000), level=2) == []
    prefer(second_level=True)
    sale = sold(buyer, 10_000, 33)
    assert (worth(sale), worth(sale, level=2)) == ([1000, 3], [300, 0])
    assert (balances(middle), balances(top)) == ({"frozen": 300}, {})
    row = sale.commissions.first()
    row.pk, row.level, row.distributor = None, 3, top
    with pytest.raises(IntegrityError, match="commission_of_two_levels_at_most"), transaction.atomic():
        row.save()
    assert laws() == []


@pytest.mark.parametrize(("way", "who"), [("nobody", None), ("themselves", "seller"), ("recruiter", "top")])
def test_distributors_who_buy_themselves(way, who):
    prefer(own_purchases=way)
    top = distributor()
    seller = distributor(customer(top), now=later(minutes=1))
    sale = sold(seller.member, 10_000, now=later(days=1))
    expected = {None: None, "seller": seller, "top": top}[who]
    assert (sale.distributor if sale else None) == expected


@pytest.mark.parametrize(("way", "who"), [("nobody", None), ("themselves", None), ("recruiter", "top")])
def test_a_pause_makes_distributors_nobodys_customers_again(way, who):
    prefer(own_purchases=way)
    top, above = distributor(), distributor()
    mine = distributor(customer(top), now=later(minutes=1))
    Binding.objects.filter(member=mine.member).update(distributor=above)
    pause(distributor_id=mine.pk, reason="", actor=STAFF, now=later(hours=1))
    sale = sold(mine.member, 10_000, now=later(days=1))
    assert (sale.distributor if sale else None) == {None: None, "top": top}[who]


def test_what_is_refunded_is_worth_nothing_in_whatever_order_it_goes_back():
    steps = ((20, 33, 33), (33, 0, 33), (33, 33, 10))
    found = set()
    for order in permutations(steps):
        seller = distributor(rate_bp=500)
        sale = sold(customer(seller), 33, 33, 33)
        for step in order:
            left(sale, *step)
            left(sale, *step)
        # 20, 0 and 10 fen are left: 1.5 fen, which is 1.
        found.add((tuple(worth(sale)), balances(seller)["frozen"]))
        left(sale, 0, 0, 0)
        assert balances(seller) == {}
    assert found == {((1, 0, 0), 1)}
    assert laws() == []


def test_money_never_comes_back_to_a_line():
    seller = distributor(rate_bp=1000)
    sale = sold(customer(seller), 1000)
    assert left(sale, 400) == 60
    assert left(sale, 900) == 0
    assert balances(seller) == {"frozen": 40}


def test_settled_then_withdrawable_and_reversed_at_every_stage():
    seller = distributor(rate_bp=1000)
    sale = sold(customer(seller), 1000)
    with unit_of_work():
        complete_sale(order_number=sale.order_number, settles_at=later(days=7))
        complete_sale(order_number=sale.order_number, settles_at=later(days=1))
    assert not settle(order_number=sale.order_number, now=later(days=6))
    assert settle_due(is_coming_back=lambda number: True, now=later(days=7)) == {"succeeded": 0, "deferred": 1}
    assert settle_due(is_coming_back=lambda number: False, now=later(days=7)) == {"succeeded": 0, "deferred": 0}
    assert settle_due(is_coming_back=lambda number: False, now=later(days=8)) == {"succeeded": 1, "deferred": 0}
    assert balances(seller) == {"settled": 100}
    assert left(sale, 800) == 20
    prefer(release_days=3)
    assert release_due(now=later(days=10)) == 0
    assert release_due(now=later(days=11)) == 1
    assert balances(seller) == {"available": 80}
    assert left(sale, 500) == 30
    assert balances(seller) == {"available": 50}
    assert release_due(now=later(days=12)) == 0
    assert laws() == []


def test_what_was_paid_out_and_goes_back_is_owed_and_repaid_by_what_comes(member):
    seller = distributor(rate_bp=1000)
    buyer = customer(seller)
    first = released(sold(buyer, 1000))
    # As if it had been withdrawn.
    account = seller.account
    account.available_fen, account.paid_fen = 0, 100
    account.save()
    left(first, 300)
    assert balances(seller) == {"available": -70, "paid": 100}
    released(sold(buyer, 500))
    assert balances(seller) == {"available": -20, "paid": 100}


def test_a_held_order_waits_for_a_decision():
    prefer(sales_per_day=1)
    seller = distributor(rate_bp=1000)
    buyer = customer(seller)
    sold(buyer, 1000)
    held, refused = sold(buyer, 2000), sold(buyer, 4000)
    assert (held.review, held.signs) == ("held", ["pace"])
    settled(held)
    settled(refused)
    assert release_due(now=NOW) == 0
    clear_sale(sale_id=held.pk, actor=STAFF, now=NOW)
    refuse_sale(sale_id=refused.pk, reason="Bought for herself", actor=STAFF, now=NOW)
    with pytest.raises(SaleNotHeld):
        clear_sale(sale_id=refused.pk, actor=STAFF, now=NOW)
    with pytest.raises(SaleRefused):
        refuse_sale(sale_id=refused.pk, reason="Again", actor=STAFF, now=NOW)
    refused.refresh_from_db()
    assert (refused.reason, refused.reviewed_by) == ("Bought for herself", "staff:operator")
    assert release_due(now=NOW) == 1
    assert balances(seller) == {"frozen": 100, "available": 200}
    assert (worth(refused), left(refused, 0)) == ([0], 0)
    assert laws() == []


@pytest.mark.parametrize(
    ("come_to", "left_over"),
    [(lambda sale: sale, {}), (settled, {}), (released, {}), ("withdrawn", {"available": -100, "paid": 100})],
)
def test_what_turns_out_wrong_later_is_taken_back_wherever_it_has_come_to(come_to, left_over):
    """¥1 at the first level, ¥0.20 at the second; what was paid out already is owed, and repaid by what comes."""
    prefer(second_level=True, paid_as="points", smallest_withdrawal_fen=100)
    top = distributor(second_rate_bp=200)
    seller = distributor(customer(top), rate_bp=1000, now=later(minutes=1))
    buyer = customer(seller)
    sale = sold(buyer, 1000)
    if come_to == "withdrawn":
        released(sale)
        made = ask_for_withdrawal(member_id=seller.member_id, amount_fen=100, method="points", now=NOW)
        approve_withdrawal(number=made.number, actor=STAFF, now=NOW)
    else:
        come_to(sale)
    assert sale.review == "clear"
    refuse_sale(sale_id=sale.pk, reason="One and the same", actor=STAFF, now=NOW)
    assert (worth(sale), worth(sale, level=2)) == ([0], [0])
    assert (balances(seller), balances(top)) == (left_over, {})
    back = CommissionEntry.objects.filter(kind="reversed").values_list("amount_fen", "actor")
    assert list(back) == [(100, "staff:operator"), (20, "staff:operator")]
    told = Notification.objects.filter(event="commission_refused").order_by("pk")
    assert [each.member_id for each in told] == [seller.member_id, top.member_id]
    assert "One and the same" in told[0].body
    # Nothing of it comes back to life, whatever happens to its goods.
    assert left(sale, 500) == 0
    settle(order_number=sale.order_number, now=later(days=30))
    assert (release_due(now=later(days=90)), balances(seller), laws()) == (0, left_over, [])
    released(sold(buyer, 2000))
    assert balances(seller) == {"available": 200 + left_over.get("available", 0)} | (
        {"paid": 100} if "paid" in left_over else {}
    )


def test_what_was_refused_by_mistake_is_worth_again_what_is_still_paid():
    """¥1 of ¥10, of which ¥4 go back meanwhile: ¥0.60, where the sale lies, as often as people change their minds."""
    seller = distributor(rate_bp=1000)
    sale = released(sold(customer(seller), 1000))
    with pytest.raises(SaleNotRefused):
        restore_sale(sale_id=sale.pk, reason="A mistake", actor=STAFF, now=NOW)
    assert (balances(seller), CommissionEntry.objects.count()) == ({"available": 100}, 3)
    for _ in range(2):
        refuse_sale(sale_id=sale.pk, reason="Fraud", actor=STAFF, now=NOW)
        assert (left(sale, 600), balances(seller)) == (0, {})
        restored = restore_sale(sale_id=sale.pk, reason="A mistake", actor=STAFF, now=NOW)
        assert (restored.review, restored.reason, worth(sale), balances(seller)) == (
            "clear",
            "A mistake",
            [60],
            {"available": 60},
        )
    told = Notification.objects.filter(event="commission_restored")
    assert "A mistake" in told[0].body
    assert (release_due(now=later(days=1)), laws()) == (0, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_what_many_refuse_at_once_is_taken_back_once(guarded, monkeypatch):
    """Five refuse it at once; the unguarded twins take nothing and write nothing before all have read."""
    seller = distributor(rate_bp=1000)
    buyer = customer(seller)
    released(sold(buyer, 9000))
    sale = released(sold(buyer, 1000))
    if not guarded:
        looked = Barrier(5, timeout=60)

        def look(pk):
            found = Sale.objects.get(pk=pk)
            looked.wait()
            return found

        monkeypatch.setattr(selling, "lock_sale_by_key", look)
        monkeypatch.setattr(selling, "_reviewed", lambda sale, review, **said: None)
        monkeypatch.setattr(selling, "_recount", recounted_unguarded(looked))
    answers = run_together(
        *[lambda: refuse_sale(sale_id=sale.pk, reason="Fraud", actor=STAFF, now=NOW) for _ in range(5)]
    )
    refusals = [type(each) for each in answers].count(SaleRefused)
    expected = (4, {"available": 900}) if guarded else (0, {"available": 500})
    assert (refusals, balances(seller)) == expected
    assert bool(laws()) != guarded


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_refunds_of_many_lines_at_one_instant_leave_what_is_still_paid(guarded, monkeypatch):
    """Each of eight lines goes back by a message of its own, told twice; the unguarded twins have read all as whole."""
    seller = distributor(rate_bp=500)
    sale = sold(customer(seller), *[33] * 8, 1_000)
    tellings = [{line: 0} for line in range(8)] * (2 if guarded else 1)
    if not guarded:
        looked = Barrier(8, timeout=60)
        monkeypatch.setattr(selling, "lock_sale", lambda order_number: Sale.objects.get(order_number=order_number))
        monkeypatch.setattr(selling, "points_earned", lambda number: looked.wait() and 0)

    def tell(number, left_fen):
        with unit_of_work():
            told = {"order_number": sale.order_number, "left_fen": left_fen, "now": NOW}
            return follow_refunds(reference=f"refund:{number}", **told)

    run_together(*[lambda each=each: tell(*each) for each in enumerate(tellings)])
    lefts = list(sale.commissions.order_by("position").values_list("left_fen", flat=True))
    assert (lefts == [0] * 8 + [1_000]) == guarded
    assert bool(laws()) != guarded
    if guarded:
        assert (worth(sale), balances(seller)) == ([0] * 8 + [50], {"frozen": 50})


def recounted_unguarded(looked):
    recount = selling._recount

    def recount_when_all_have_read(sale, rows, **told):
        looked.wait()
        sale.review = "refused"
        return recount(sale, rows, **told)

    return recount_when_all_have_read


def test_a_paused_distributor_earns_nothing_new():
    seller = distributor()
    buyer = customer(seller)
    sold(buyer, 10_000)
    type(seller).objects.update(standing="paused")
    assert sold(buyer, 10_000) is None
    assert (Sale.objects.count(), balances(seller)) == (1, {"frozen": 500})


def test_broken_books_are_seen():
    seller = distributor(rate_bp=1000)
    sale = sold(customer(seller), 1000)
    Commission.objects.update(amount_fen=90)
    seller.account.frozen_fen = 99
    seller.account.save()
    Sale.objects.update(left_fen=999)
    assert laws() == [
        f"account {seller.pk}: frozen 99, entries 100",
        f"order {sale.order_number}, level 1: [90] instead of [100]",
        f"order {sale.order_number}: worth 90, booked 100",
        f"order {sale.order_number}: 999 left, 1000 by lines",
    ]


def test_a_stranger_buys_for_nobody():
    distributor()
    assert sold(MemberFactory(), 10_000) is None
