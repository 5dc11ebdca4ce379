"""Importing product files: everything is checked first, then everything is written in one transaction, or nothing.

The file is read twice, in batches, so that memory does not grow with its length. Checking and writing share one plan:
a dry run refuses exactly what an import would refuse. An own reader stands here instead of django-import-export,
which holds the whole file and its differences in memory and saves row by row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import IO, Any

import structlog
from django.db import IntegrityError
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from shop.catalog.errors import ImportConflict
from shop.catalog.models import Product, Sku
from shop.catalog.product_files.parsing import Entry, Parser
from shop.catalog.product_files.reading import read_lines
from shop.catalog.product_files.report import ImportReport
from shop.catalog.services.changes import products_changed
from shop.catalog.services.places import Places
from shop.core.actors import Actor
from shop.core.transactions import use_case

BATCH = 1000
DIRECT_FIELDS = (
    "name",
    "name_en",
    "subtitle",
    "description",
    "kind",
    "limit_per_order",
    "limit_per_member",
    "on_shelf",
)
PRODUCT_FIELDS = (*DIRECT_FIELDS, "category_id", "brand_id", "updated_at")
SKU_FIELDS = ("options", "price_fen", "market_price_fen", "cost_fen", "weight_g", "volume_cm3")

log = structlog.get_logger(__name__)


def import_products(
    *, file: IO[bytes], filename: str, actor: Actor, now: datetime, dry_run: bool, create_missing: bool = False
) -> ImportReport:
    """Create and change products from a CSV or XLSX file with one row per SKU.

    With `create_missing` unknown categories and brands are created too. With any problem nothing is written.
    Raises ImportFileNotReadable; ImportConflict when products changed between the check and the writing.
    """
    report = _run(file, ImportReport(dry_run=dry_run), actor=actor, now=now, create_missing=create_missing, write=False)
    if not dry_run and report.clean:
        report = _write(file=file, actor=actor, now=now, create_missing=create_missing)
    log.info("products_imported" if report.imported else "products_checked", filename=filename, actor=str(actor))
    return report


@use_case
def _write(*, file: IO[bytes], actor: Actor, now: datetime, create_missing: bool) -> ImportReport:
    report = ImportReport(dry_run=False)
    try:
        _run(file, report, actor=actor, now=now, create_missing=create_missing, write=True)
    except IntegrityError as error:
        raise ImportConflict from error
    if not report.clean:
        raise ImportConflict
    report.imported = True
    return report


def _run(
    file: IO[bytes], report: ImportReport, *, actor: Actor, now: datetime, create_missing: bool, write: bool
) -> ImportReport:
    places = Places(report=report, create_missing=create_missing, write=write)
    planner = _Planner(report, places, now)
    for batch in _batches(Parser(report).entries(read_lines(file))):
        plan = planner.plan(batch, lock=write)
        if write and report.clean:
            plan.write(actor=actor, now=now)
    return report


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    stream = iter(entries)
    while batch := list(islice(stream, BATCH)):
        yield batch


class _Plan:
    """What one batch creates and changes."""

    def __init__(self) -> None:
        self.new_products: list[Product] = []
        self.changed_products: list[Product] = []
        self.new_skus: list[Sku] = []
        self.changed_skus: list[Sku] = []

    def write(self, *, actor: Actor, now: datetime) -> None:
        reason = str(actor)[:100]
        signed: dict[str, Any] = {"default_change_reason": reason, "default_date": now, "batch_size": BATCH}
        if self.new_products:
            bulk_create_with_history(self.new_products, Product, **signed)
        if self.changed_products:
            bulk_update_with_history(self.changed_products, Product, PRODUCT_FIELDS, **signed)
        for sku in self.new_skus:
            sku.product_id = sku.product.pk
        if self.new_skus:
            bulk_create_with_history(self.new_skus, Sku, **signed)
        if self.changed_skus:
            bulk_update_with_history(self.changed_skus, Sku, SKU_FIELDS, **signed)
        products_changed(
            product_ids={
                *(product.pk for product in (*self.new_products, *self.changed_products)),
                *(sku.product_id for sku in (*self.new_skus, *self.changed_skus)),
            }
        )


class _Planner:
    """Decides row by row against what the database and the earlier rows hold; two queries for a batch."""

    def __init__(self, report: ImportReport, places: Places, now: datetime) -> None:
        self._report = report
        self._places = places
        self._now = now
        self._planned: set[str] = set()

    def plan(self, batch: Sequence[Entry], *, lock: bool) -> _Plan:
        plan = _Plan()
        known = Product.objects.filter(code__in={entry.product_code for entry in batch}).defer("search_vector")
        if lock:
            known = known.order_by("pk").select_for_update(no_key=True, of=("self",))
        products = {product.code: product for product in known}
        codes = {entry.sku_code for entry in batch}
        skus = {sku.code: sku for sku in Sku.objects.filter(code__in=codes).select_related("product")}
        for entry in batch:
            try:
                product = self._product(entry, products, plan)
                if product is not None:
                    self._sku(entry, product, skus.get(entry.sku_code), plan)
            except _Refused as refusal:
                self._report.refuse(entry.row, refusal.column, refusal)
        return plan

    def _product(self, entry: Entry, products: dict[str, Product], plan: _Plan) -> Product | None:
        product = products.get(entry.product_code)
        if not entry.first_of_product:
            # On a dry run an earlier batch may have planned the product without creating it.
            return product or (Product(code=entry.product_code) if entry.product_code in self._planned else None)
        values = self._product_values(entry)
        if product is None:
            for required in ("name", "category_id"):
                if required not in values:
                    column = required.removesuffix("_id")
                    raise _Refused(column, _("The cell must not be empty for a new product."))
            product = products[entry.product_code] = Product(code=entry.product_code, created_at=self._now, **values)
            self._planned.add(entry.product_code)
            plan.new_products.append(product)
            self._report.products_created += 1
        elif _apply(product, values):
            product.updated_at = self._now
            plan.changed_products.append(product)
            self._report.products_changed += 1
        return product

    def _product_values(self, entry: Entry) -> dict[str, Any]:
        values = {key: value for key, value in entry.product.items() if key in DIRECT_FIELDS}
        for column, find in (("category", self._places.category), ("brand", self._places.brand)):
            if column in entry.product:
                try:
                    values[f"{column}_id"] = find(entry.product[column])
                except ValueError as error:
                    raise _Refused(column, error) from error
        return values

    def _sku(self, entry: Entry, product: Product, sku: Sku | None, plan: _Plan) -> None:
        if sku is None:
            if "price_fen" not in entry.sku:
                raise _Refused("price", _("The cell must not be empty for a new SKU."))
            plan.new_skus.append(Sku(product=product, code=entry.sku_code, **entry.sku))
            self._report.skus_created += 1
        elif sku.product.code != entry.product_code:
            message = _("The code belongs to the product %(code)s.") % {"code": sku.product.code}
            raise _Refused("sku_code", message)
        elif _apply(sku, entry.sku):
            plan.changed_skus.append(sku)
            self._report.skus_changed += 1


class _Refused(Exception):
    def __init__(self, column: str, message: object) -> None:
        super().__init__(str(message))
        self.column = column


def _apply(row: Product | Sku, values: Mapping[str, Any]) -> bool:
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed
