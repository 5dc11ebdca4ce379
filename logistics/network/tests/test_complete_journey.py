"""The grocery data, read for real: what counts, what things cost, and stock that the baskets can be bought from."""

import io

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from logistics.network.management import complete_journey
from logistics.network.management.complete_journey import Purchases, choose_baskets, write_product_file
from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.tests.factories import CHENGDU, HANGZHOU, make_warehouse
from shop.catalog.models import Product, Sku, SkuStock


def purchases(*rows: tuple[int, int, int, int]) -> Purchases:
    """Rows of (basket, product, quantity, price in fen)."""
    basket, product, quantity, price = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return Purchases(basket, product, quantity, price, len(rows), 0, 0, 0)


def test_price_is_the_most_frequent_one_and_of_two_the_lower():
    bought = purchases((1, 7, 1, 300), (2, 7, 9, 250), (3, 7, 1, 300), (1, 8, 1, 120), (2, 8, 1, 110))

    assert bought.prices() == {7: 300, 8: 110}


def test_demand_counts_only_the_chosen_baskets():
    bought = purchases((1, 7, 2, 300), (2, 7, 9, 300), (3, 7, 1, 300), (3, 8, 4, 100))

    assert bought.only(np.array([1, 3])) == {7: 3, 8: 4}


def test_the_same_seed_chooses_the_same_baskets():
    baskets = np.repeat(np.arange(1000), 3)

    first = choose_baskets(baskets, count=10, seed=5)

    assert len(set(first.tolist())) == 10
    assert first.tolist() == choose_baskets(baskets[::-1], count=10, seed=5).tolist()
    assert first.tolist() != choose_baskets(baskets, count=10, seed=6).tolist()
    assert len(choose_baskets(baskets, count=None, seed=5)) == 1000


def test_a_product_without_a_price_is_left_out():
    target = io.StringIO()

    unpriced = write_product_file(target, prices={25671: 349}, wanted=None)

    heading, row = target.getvalue().splitlines()
    assert unpriced == 92_330
    assert heading.split(",") == list(complete_journey.COLUMNS)
    # 22 pounds of crushed ice, of the department GROCERY.
    assert row == "CJ-25671,ICE - CRUSHED/CUBED 22 LB,CJ-25671,size:22 LB,3.49,9979,GROCERY,National 2,yes"


@pytest.mark.django_db(transaction=True)
def test_command_imports_products_and_receives_what_the_baskets_hold(capsys):
    warehouses = [make_warehouse(HANGZHOU), make_warehouse(CHENGDU)]

    call_command("import_complete_journey", baskets=3, seed=1)

    said = capsys.readouterr().out
    assert "1469307 rows: 1444480 count" in said
    assert "8869 without a whole positive quantity, 15926 without a price" in said
    bought = complete_journey.read_purchases()
    demand = bought.only(choose_baskets(bought.basket, count=3, seed=1))
    codes = {f"CJ-{number}" for number in demand}
    assert set(Sku.objects.values_list("code", flat=True)) == codes
    assert not Product.objects.filter(on_shelf=False).exists()
    for number, units in demand.items():
        kept = WarehouseStock.objects.filter(sku__code=f"CJ-{number}").values_list("on_hand", flat=True)
        assert set(kept) == {units}
        assert SkuStock.objects.get(sku__code=f"CJ-{number}").available == units * len(kept)
    assert {each.warehouse_id for each in WarehouseStock.objects.all()} == {each.pk for each in warehouses}

    call_command("import_complete_journey", baskets=3, seed=1)

    assert "was booked before" in capsys.readouterr().out
    assert StockMovement.objects.count() == WarehouseStock.objects.count()


@pytest.mark.django_db(transaction=True)
def test_command_says_what_is_missing(monkeypatch):
    with pytest.raises(CommandError, match="no warehouse"):
        call_command("import_complete_journey", baskets=3)

    make_warehouse(HANGZHOU)
    monkeypatch.setattr(complete_journey, "parquet", None)
    with pytest.raises(CommandError, match=r"install requirements-dev\.txt"):
        call_command("import_complete_journey", baskets=3)
    assert not Product.objects.exists()
