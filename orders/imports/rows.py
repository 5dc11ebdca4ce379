"""Files of past orders: read row by row, checked, gathered into orders. The columns are in `docs/order-import.md`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from typing import IO

from django.utils.translation import gettext as _

from members.identity.phones import parse_mobile
from orders.checkout.models import Order
from orders.payments.models import PaymentMethod
from shop.catalog.models import Sku
from shop.catalog.product_files.reading import read_lines
from shop.core.channels import Channel
from shop.core.clock import SHANGHAI
from shop.core.formulas import original
from shop.core.money import parse_yuan

BATCH = 1_000
SHOWN = 200
MOST_UNITS = 1_000_000
MOST_FEN = 2_000_000_000
NUMBER_LENGTH = 40
COLUMNS: Mapping[str, str] = {
    "订单号": "order_number",
    "客户编号": "customer",
    "手机号": "phone",
    "支付时间": "paid_at",
    "规格编码": "sku",
    "数量": "quantity",
    "实付金额": "amount",
    "运费": "freight",
    "来源": "channel",
}
NEEDED = ("order_number", "paid_at", "sku", "quantity", "amount")


@dataclass(frozen=True)
class Problem:
    row: int
    column: str
    message: str


@dataclass
class Report:
    """With any problem nothing is imported; only the first of them are kept."""

    rows: int = 0
    orders: int = 0
    members: int = 0
    known: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, row: int, column: str, message: str) -> None:
        self.problem_count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(row, column, message))


@dataclass(frozen=True)
class PastLine:
    """`amount_fen` is what was paid for all units together."""

    row: int
    number: str
    customer: str
    phone: str
    paid_at: datetime
    sku_code: str
    quantity: int
    amount_fen: int
    freight_fen: int
    channel: str


def read_orders(file: IO[bytes], report: Report, *, now: datetime) -> Iterator[list[list[PastLine]]]:
    """Batches of orders, each with its lines; what cannot be read is in the report.

    The rows of one order stand together in the file. Raises ImportFileNotReadable.
    """
    seen: set[str] = set()
    orders = (list(lines) for _number, lines in groupby(_lines(file, report, now), key=lambda line: line.number))
    while batch := list(islice(orders, BATCH)):
        skus = {line.sku_code for lines in batch for line in lines}
        sold = set(Sku.objects.filter(code__in=skus).values_list("code", flat=True))
        ours = _numbers_of_the_shop([lines[0].number for lines in batch])
        for lines in batch:
            _check_order(lines, report, sold=sold, seen=seen, ours=ours)
        yield batch


def _numbers_of_the_shop(numbers: Sequence[str]) -> set[str]:
    own = Order.objects.filter(number__in=numbers).exclude(payments__method=PaymentMethod.ELSEWHERE)
    return set(own.values_list("number", flat=True))


def _check_order(lines: Sequence[PastLine], report: Report, *, sold: set[str], seen: set[str], ours: set[str]) -> None:
    first = lines[0]
    if first.number in seen:
        report.refuse(first.row, "order_number", _("The rows of an order must stand together."))
    if first.number in ours:
        report.refuse(first.row, "order_number", _("An order of the shop has this number."))
    seen.add(first.number)
    for line in lines:
        if line.sku_code not in sold:
            report.refuse(line.row, "sku", _("There is no such SKU."))
        if (line.customer, line.phone, line.paid_at) != (first.customer, first.phone, first.paid_at):
            report.refuse(line.row, "customer", _("An order has one buyer and one time of payment."))


def _lines(file: IO[bytes], report: Report, now: datetime) -> Iterator[PastLine]:
    rows = iter(read_lines(file))
    heading = next(rows, None)
    names = [COLUMNS.get(cell, cell.strip().lower()) for cell in heading.cells] if heading else []
    for name in NEEDED:
        if name not in names:
            report.refuse(1, name, _("The column is missing."))
    if not {"customer", "phone"} & set(names):
        report.refuse(1, "customer", _("There must be a column with customer numbers or with phones."))
    if report.problem_count:
        return
    for row in rows:
        report.rows += 1
        if row.fault:
            report.refuse(row.number, "", row.fault)
            continue
        cells = {name: original(cell).strip() for name, cell in zip(names, row.cells, strict=False)}
        line = _line(row.number, cells, report, now)
        if line is not None:
            yield line
    if not report.rows:
        report.refuse(1, "", _("The file has no rows."))


def _line(row: int, cells: Mapping[str, str], report: Report, now: datetime) -> PastLine | None:
    before = report.problem_count
    number, customer, phone = (cells.get(name, "") for name in ("order_number", "customer", "phone"))
    if not 0 < len(number) <= NUMBER_LENGTH:
        report.refuse(row, "order_number", _("Enter 1 to {most} characters.").format(most=NUMBER_LENGTH))
    parsed = parse_mobile(phone) if phone else ""
    if parsed is None:
        report.refuse(row, "phone", _("This is not a mobile phone number."))
    if len(customer) > NUMBER_LENGTH or not (customer or phone):
        report.refuse(row, "customer", _("Enter a customer number or a phone."))
    paid_at = _instant(cells.get("paid_at", ""))
    if paid_at is None or paid_at > now:
        report.refuse(row, "paid_at", _("Enter a day or time in the past, such as 2025-03-31 or 2025-03-31 18:05."))
    quantity = cells.get("quantity", "")
    if not (quantity.isdecimal() and len(quantity) < 8 and 0 < int(quantity) <= MOST_UNITS):
        report.refuse(row, "quantity", _("Enter a whole number from 1 to {most}.").format(most=MOST_UNITS))
    amount = _fen(row, "amount", cells, report)
    freight = _fen(row, "freight", cells, report) if cells.get("freight") else 0
    channel = cells.get("channel", "")
    if channel and channel not in {each.value for each in Channel}:
        report.refuse(row, "channel", _("There is no such front."))
    if report.problem_count > before or paid_at is None:
        return None
    sku = cells.get("sku", "")
    return PastLine(row, number, customer, parsed or "", paid_at, sku, int(quantity), amount, freight, channel)


def _fen(row: int, column: str, cells: Mapping[str, str], report: Report) -> int:
    try:
        fen = parse_yuan(cells.get(column, ""))
    except ValueError as error:
        report.refuse(row, column, str(error))
        return 0
    if fen > MOST_FEN:
        report.refuse(row, column, _("This is too much for one order."))
    return fen


def _instant(text: str) -> datetime | None:
    """Without a time zone it is meant in Shanghai."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=SHANGHAI)
