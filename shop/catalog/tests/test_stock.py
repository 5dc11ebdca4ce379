from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from shop.catalog.errors import OutOfStock, ReservationNotHeld
from shop.catalog.invariants import (
    no_reservation_outlives_its_time,
    reserved_is_the_sum_of_reservations,
)
from shop.catalog.models import Product, SkuStock, StockReservation
from shop.catalog.services import stock
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock
from tests.concurrency.racing import run_together


def quantities(sku):
    row = SkuStock.objects.get(sku=sku)
    return row.available, row.reserved


def held(reference):
    return dict(StockReservation.objects.filter(reference=reference).values_list("sku_id", "quantity"))


@pytest.mark.django_db
def test_reserving_moves_units_from_available_to_reserved():
    red, blue = SkuFactory(stock=10), SkuFactory(stock=5)
    expires_at = clock.now() + timedelta(minutes=30)
    stock.reserve_stock(reference="O1", items={blue.pk: 5, red.pk: 3}, expires_at=expires_at)
    assert (quantities(red), quantities(blue)) == ((7, 3), (0, 5))
    assert held("O1") == {red.pk: 3, blue.pk: 5}
    assert {r.expires_at for r in StockReservation.objects.all()} == {expires_at}


@pytest.mark.django_db
def test_one_sku_too_many_refuses_the_whole_basket_and_names_it():
    red, blue = SkuFactory(stock=10), SkuFactory(stock=5)
    with pytest.raises(OutOfStock) as refused:
        stock.reserve_stock(reference="O1", items={red.pk: 3, blue.pk: 6}, expires_at=None)
    assert refused.value.data["sku_ids"] == [blue.pk]
    assert [detail.field for detail in refused.value.details] == ["/items/1"]
    assert (quantities(red), quantities(blue), held("O1")) == ((10, 0), (5, 0), {})


@pytest.mark.django_db
@pytest.mark.parametrize("units", [1, 2])
def test_safety_stock_is_not_sold(units):
    sku, other = SkuFactory(stock=5, stock__safety_stock=4), SkuFactory()
    baskets = {1: {sku.pk: 2}, 2: {sku.pk: 2, other.pk: 1}}
    with pytest.raises(OutOfStock):
        stock.reserve_stock(reference="O1", items=baskets[units], expires_at=None)
    stock.reserve_stock(reference="O2", items={sku.pk: 1}, expires_at=None)
    assert quantities(sku) == (4, 1)


@pytest.mark.django_db
def test_a_sku_that_does_not_exist_is_out_of_stock():
    with pytest.raises(OutOfStock) as refused:
        stock.reserve_stock(reference="O1", items={987_654: 1}, expires_at=None)
    assert refused.value.data["sku_ids"] == [987_654]


@pytest.mark.django_db
@pytest.mark.parametrize(("lines", "statements"), [(1, 1), (8, 2)])
def test_a_basket_costs_a_constant_number_of_statements(django_assert_num_queries, lines, statements):
    items = {SkuFactory(stock=9).pk: 1 for _ in range(lines)}
    with django_assert_num_queries(statements):
        stock.reserve_stock(reference="O1", items=items, expires_at=None)
    with django_assert_num_queries(2):
        stock.release_reservation(reference="O1")


@pytest.mark.django_db
def test_a_paid_reservation_no_longer_expires():
    sku = SkuFactory(stock=5)
    stock.reserve_stock(reference="O1", items={sku.pk: 2}, expires_at=clock.now() - timedelta(hours=1))
    assert len(no_reservation_outlives_its_time()) == 1
    stock.confirm_reservation(reference="O1")
    assert StockReservation.objects.get().expires_at is None
    assert no_reservation_outlives_its_time() == []
    with pytest.raises(ReservationNotHeld):
        stock.confirm_reservation(reference="O2")


@pytest.mark.django_db
def test_releasing_gives_everything_back_once():
    red, blue = SkuFactory(stock=10), SkuFactory(stock=5)
    stock.reserve_stock(reference="O1", items={red.pk: 3, blue.pk: 5}, expires_at=None)
    assert stock.release_reservation(reference="O1") == {red.pk: 3, blue.pk: 5}
    assert stock.release_reservation(reference="O1") == {}
    assert (quantities(red), quantities(blue), held("O1")) == ((10, 0), (5, 0), {})


@pytest.mark.django_db
def test_part_of_a_hold_is_released_and_part_consumed():
    red, blue = SkuFactory(stock=10), SkuFactory(stock=5)
    stock.reserve_stock(reference="O1", items={red.pk: 6, blue.pk: 5}, expires_at=None)
    stock.release_reservation(reference="O1", items={red.pk: 2})
    stock.consume_reservation(reference="O1", items={red.pk: 1, blue.pk: 5})
    assert (quantities(red), quantities(blue), held("O1")) == ((6, 3), (0, 0), {red.pk: 3})
    assert reserved_is_the_sum_of_reservations() == []


@pytest.mark.django_db
@pytest.mark.parametrize("units", [4, 0, -1])
@pytest.mark.parametrize("end", [stock.release_reservation, stock.consume_reservation])
def test_more_than_is_held_or_nothing_cannot_be_taken_out_of_a_hold(end, units):
    red, blue = SkuFactory(stock=10), SkuFactory(stock=5)
    stock.reserve_stock(reference="O1", items={red.pk: 3, blue.pk: 2}, expires_at=None)
    with pytest.raises(ReservationNotHeld):
        end(reference="O1", items={blue.pk: 1, red.pk: units})
    assert (quantities(red), quantities(blue), held("O1")) == ((7, 3), (3, 2), {red.pk: 3, blue.pk: 2})


@pytest.mark.django_db
@pytest.mark.parametrize("with_other", [False, True])
def test_a_physical_loss_may_reach_the_safety_stock_but_not_what_is_promised(with_other):
    sku, other = SkuFactory(stock=5, stock__safety_stock=4), SkuFactory(stock=1)
    stock.reserve_stock(reference="O1", items={sku.pk: 1}, expires_at=None)
    more = {other.pk: 7} if with_other else {}
    with pytest.raises(OutOfStock):
        stock.change_available(deltas={sku.pk: -5, **more})
    assert (quantities(sku), quantities(other)) == ((4, 1), (1, 0))
    stock.change_available(deltas={sku.pk: -4, **more})
    assert (quantities(sku), quantities(other)) == ((0, 1), (8 if with_other else 1, 0))


@pytest.mark.django_db
def test_sales_are_counted_and_never_go_below_zero():
    tea, cup = ProductFactory(), ProductFactory()
    stock.record_sales(items={cup.pk: 3, tea.pk: 2})
    stock.record_sales(items={cup.pk: -1, tea.pk: -5})
    assert dict(Product.objects.values_list("pk", "sales")) == {tea.pk: 0, cup.pk: 2}


@pytest.mark.django_db(transaction=True)
def test_the_count_of_skus_in_stock_follows_sales_receipts_and_safety_stock():
    product = ProductFactory()
    red, blue = SkuFactory(product=product, stock=2), SkuFactory(product=product, stock=1)

    def in_stock():
        product.refresh_from_db()
        return product.skus_in_stock

    assert in_stock() == 2
    with transaction.atomic():
        stock.reserve_stock(reference="O1", items={red.pk: 2}, expires_at=None)
    assert in_stock() == 1
    with transaction.atomic():
        stock.change_available(deltas={red.pk: 4})
    assert in_stock() == 2
    with transaction.atomic():
        SkuStock.objects.filter(sku=blue).update(safety_stock=1)
        stock.presence_changed(product_ids=[product.pk])
    assert in_stock() == 1


def place(basket, *, guarded, number):
    """One buyer's basket in a transaction of its own; without the guard it reads first and writes what it read."""
    with transaction.atomic():
        if guarded:
            stock.reserve_stock(reference=f"R{number}", items=basket, expires_at=None)
        else:
            rows = list(SkuStock.objects.filter(sku_id__in=basket))
            if any(row.available < basket[row.sku_id] for row in rows):
                raise OutOfStock
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.05)")
            for row in rows:
                units = basket[row.sku_id]
                SkuStock.objects.filter(pk=row.pk).update(
                    available=max(row.available - units, 0), reserved=F("reserved") + units
                )
    return "sold"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_forty_buyers_with_baskets_in_opposite_order_buy_exactly_what_there_is(guarded):
    first, second = SkuFactory(stock=37), SkuFactory(stock=37)
    there, back = {first.pk: 1, second.pk: 1}, {second.pk: 1, first.pk: 1}
    buyers = [lambda n=n: place(there if n % 2 else back, guarded=guarded, number=n) for n in range(40)]
    results = run_together(*buyers)
    sold, refused = results.count("sold"), [r for r in results if isinstance(r, OutOfStock)]
    if guarded:
        assert (sold, len(refused)) == (37, 3)
        assert quantities(first) == quantities(second) == (0, 37)
        assert reserved_is_the_sum_of_reservations() == []
    else:
        assert sold > 37


@pytest.mark.django_db(transaction=True)
def test_a_hold_released_twenty_times_at_once_comes_back_once():
    skus = [SkuFactory(stock=4) for _ in range(3)]
    with transaction.atomic():
        stock.reserve_stock(reference="O1", items={sku.pk: 3 for sku in skus}, expires_at=None)

    def release():
        with transaction.atomic():
            return bool(stock.release_reservation(reference="O1"))

    results = run_together(*[release] * 20)
    assert results.count(True) == 1
    assert results.count(False) == 19
    assert [quantities(sku) for sku in skus] == [(4, 0)] * 3
