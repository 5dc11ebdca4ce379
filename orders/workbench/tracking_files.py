"""Files with tracking numbers: read and checked row by row against the parcels that they name.

Each row becomes an item of a work: one that can be shipped waits, and so does one that corrects the number of a parcel
on its way; one that cannot says in which column and why; one that was shipped with this very number before is done
already, so that a file may come twice.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from logistics.carriers.models import Carrier
from logistics.shipments.models import Shipment, ShipmentStatus
from logistics.shipments.services import BEFORE_SHIPPING, UNDER_WAY
from orders.workbench.models import BulkWork, WorkItem
from shop.catalog.product_files.reading import Line, read_lines
from shop.core.formulas import harmless, original

BATCH = 1000
MOST_ROWS = 50_000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("order or parcel", "number", "order number", "parcel", "订单号", "包裹号", "发货单号", "订单号或包裹号"),
    "carrier": ("carrier", "快递公司", "物流公司", "承运商"),
    "tracking": ("tracking number", "tracking", "运单号", "快递单号", "物流单号"),
}
_TRACKING = re.compile(r"[A-Za-z0-9-]{4,40}")
_ROUNDED = re.compile(r"[0-9.]+[eE]\+?[0-9]+")
Status = WorkItem.Status


@dataclass
class Reader:
    """What has been seen of a file so far: parcels and tracking numbers with the row that named them.

    `moved` are the parcels that get another number, `taken` the rows whose number another parcel has, by that parcel.
    """

    carriers: Mapping[str, int]
    parcels: dict[str, int] = field(default_factory=dict)
    trackings: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    taken: dict[str, WorkItem] = field(default_factory=dict)


class Wrong(Exception):
    """A row that cannot be shipped, and the column that is to blame."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def read_items(file: IO[bytes]) -> Iterator[list[WorkItem]]:
    """The file's rows as items, a batch at a time; three queries for a thousand. Raises ImportFileNotReadable.

    A file whose headings cannot be understood has one item, which says so.
    """
    lines = iter(read_lines(file))
    heading = next(lines, None)
    try:
        places = _places(heading)
    except Wrong as wrong:
        yield [_refused(WorkItem(row=heading.number if heading else 1, cells=[]), wrong)]
        return
    reader, batches, count = Reader(_carriers()), list[list[WorkItem]](), 0
    while batch := list(islice(lines, BATCH)):
        count += len(batch)
        if count > MOST_ROWS:
            over = Wrong("", _("A file may have {count} rows at most.").format(count=MOST_ROWS))
            batches.append([_refused(WorkItem(row=batch[-1].number), over)])
            break
        batches.append(_items(batch, places, reader))
    _refuse_what_stays_taken(reader)
    yield from batches or [[_refused(WorkItem(row=1), Wrong("", _("The file has no rows.")))]]


def failure_rows(work: BulkWork) -> Iterator[list[str]]:
    """What was refused, as the file had it, so that it can be corrected and sent again; safe in a spreadsheet."""
    yield [_("Order or parcel"), _("Carrier"), _("Tracking number"), _("row"), _("column"), _("reason")]
    for item in work.items.filter(status=Status.FAILED).order_by("row").iterator(chunk_size=BATCH):
        typed = [*item.cells, "", "", ""][:3] if item.cells else [item.shipment_number or item.order_number, "", ""]
        yield [harmless(str(cell)) for cell in (*typed, item.row, column_name(item.column), item.reason)]


def template_rows() -> Iterator[list[str]]:
    yield [_("Order or parcel"), _("Carrier"), _("Tracking number")]
    yield ["D26112212345678901234", "SF", "SF1234567890"]


def column_name(column: str) -> str:
    names = {"number": _("Order or parcel"), "carrier": _("Carrier"), "tracking": _("Tracking number")}
    return names.get(column, "")


def _places(heading: Line | None) -> dict[str, int]:
    cells = [cell.lower() for cell in heading.cells] if heading else []
    places = {}
    for column, names in COLUMNS.items():
        found = [index for index, cell in enumerate(cells) if cell in names]
        if len(found) != 1:
            message = _("The file needs exactly one column “{column}”.").format(column=column_name(column))
            raise Wrong(column, message)
        places[column] = found[0]
    return places


def _carriers() -> dict[str, int]:
    """Active carriers by code and by each of their names, in small letters."""
    rows = Carrier.objects.filter(is_active=True).values_list("pk", "code", "name", "name_en")
    return {name.lower(): pk for pk, *names in rows for name in names if name}


def _items(batch: Sequence[Line], places: Mapping[str, int], reader: Reader) -> list[WorkItem]:
    items = [
        WorkItem(row=line.number, cells=[_cell(line, places[column]) for column in COLUMNS], reason=line.fault[:200])
        for line in batch
    ]
    numbers = {item.cells[0] for item in items}
    by_number = {shipment.number: shipment for shipment in Shipment.objects.filter(number__in=numbers)}
    by_order = defaultdict(list)
    for shipment in Shipment.objects.filter(order_number__in=numbers).exclude(status=ShipmentStatus.CANCELLED):
        by_order[shipment.order_number].append(shipment)
    trackings = {item.cells[2] for item in items}
    used = dict(Shipment.objects.filter(tracking_number__in=trackings).values_list("tracking_number", "number"))
    for item in items:
        try:
            _fill(item, by_number, by_order, used, reader)
        except Wrong as wrong:
            _refused(item, wrong)
    return items


def _fill(
    item: WorkItem,
    by_number: Mapping[str, Shipment],
    by_order: Mapping[str, list[Shipment]],
    used: Mapping[str, str],
    reader: Reader,
) -> None:
    """Decide what becomes of a row. Raises Wrong."""
    if item.reason:
        raise Wrong("", item.reason)
    number, carrier, tracking = item.cells
    _check_tracking(tracking)
    shipment = by_number.get(number) or _only(by_order.get(number, []), tracking)
    item.shipment_number, item.order_number = shipment.number, shipment.order_number
    _once(reader.parcels, shipment.number, "number", _("The parcel is already in row {row}."), item.row)
    if carrier.lower() not in reader.carriers:
        raise Wrong("carrier", _("There is no active carrier “{name}”.").format(name=carrier[:40]))
    _once(reader.trackings, tracking, "tracking", _("The tracking number is already in row {row}."), item.row)
    item.carrier_id, item.tracking_number = reader.carriers[carrier.lower()], tracking
    if shipment.status not in BEFORE_SHIPPING:
        if (shipment.tracking_number, shipment.carrier_id) == (tracking, item.carrier_id):
            item.status = Status.DONE
            return
        if shipment.status not in UNDER_WAY:
            state = shipment.get_status_display()
            raise Wrong("number", _("A parcel that is {state} cannot be shipped.").format(state=state))
        item.replaces = shipment.tracking_number
    reader.moved.add(shipment.number)
    if used.get(tracking, shipment.number) != shipment.number:
        reader.taken[used[tracking]] = item


def _refuse_what_stays_taken(reader: Reader) -> None:
    """A number that another parcel has is free once that parcel gets another one by the same file."""
    for holder in [each for each in reader.taken if each not in reader.moved]:
        item = reader.taken.pop(holder, None)
        while item is not None:
            _refused(item, Wrong("tracking", _("Another parcel has this tracking number.")))
            # So the row that waits for this one's number waits in vain.
            item = reader.taken.pop(item.shipment_number, None)


def _check_tracking(tracking: str) -> None:
    if _ROUNDED.fullmatch(tracking):
        raise Wrong("tracking", _("The spreadsheet has rounded the number: format the column as text."))
    if not _TRACKING.fullmatch(tracking):
        raise Wrong("tracking", _("A tracking number has 4 to 40 letters and digits."))


def _only(shipments: Sequence[Shipment], tracking: str) -> Shipment:
    """The parcel that an order's number means: left with this number, else not yet gone, else on its way."""
    if not shipments:
        raise Wrong("number", _("There is no such order or parcel to ship."))
    left = [each for each in shipments if each.tracking_number == tracking and each.status not in BEFORE_SHIPPING]
    waiting = [each for each in shipments if each.status in BEFORE_SHIPPING]
    under_way = [each for each in shipments if each.status in UNDER_WAY]
    meant = left[:1] or waiting or under_way or shipments[:1]
    if len(meant) > 1:
        message = _("The order has {count} parcels: name one by its own number.").format(count=len(meant))
        raise Wrong("number", message)
    return meant[0]


def _once(seen: dict[str, int], key: str, column: str, message: str, row: int) -> None:
    if key in seen:
        raise Wrong(column, message.format(row=seen[key]))
    seen[key] = row


def _refused(item: WorkItem, wrong: Wrong) -> WorkItem:
    item.status, item.column, item.reason = Status.FAILED, wrong.column, str(wrong)[:200]
    return item


def _cell(line: Line, place: int) -> str:
    return original(line.cells[place])[:200] if place < len(line.cells) else ""
