"""Writing an export: piece by piece, each committed with the place where the next goes on.

A worker that is killed leaves whole pieces; whoever goes on begins where they end. Memory holds one piece, whatever
the length of the file.
"""

import csv
import io
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import IO

import structlog
from django.db.models import Max
from django.utils import translation
from django.utils.text import capfirst

from orders.checkout.models import Order
from orders.workbench.criteria import as_of, given_of, matching
from orders.workbench.export_rows import headings, numbers, rows_of
from orders.workbench.facts import ExportGoesOn
from orders.workbench.models import ExportPiece, OrderExport
from orders.workbench.preferences import EXPORT_DAYS
from shop.core import clock
from shop.core.actors import Actor
from shop.core.csv_files import csv_bytes
from shop.core.job_centre import CannotBeStopped
from shop.core.outbox import publish
from shop.core.pacing import Pace
from shop.core.transactions import use_case
from shop.core.xlsx_files import write_sheet

ORDERS_A_PIECE = 500
MOST_XLSX_ROWS = 50_000
SLICE_SECONDS = 10.0
PIECE_BYTES = 1024 * 1024
Status, Format = OrderExport.Status, OrderExport.Format

log = structlog.get_logger(__name__)


@use_case
def ask_export(
    *, owner_id: int, content: str, file_format: str, given: Mapping[str, str], reveals: bool, now: datetime
) -> OrderExport:
    """Have a file written of the orders that match now; orders placed later are not in it."""
    newest = Order.objects.aggregate(newest=Max("pk"))["newest"] or 0
    export = OrderExport.objects.create(
        owner_id=owner_id,
        content=content,
        format=file_format,
        given=as_of(given_of(given), now),
        reveals=reveals,
        language=translation.get_language() or "en",
        below=newest + 1,
        asked_at=now,
    )
    publish(ExportGoesOn(export_id=export.pk, at=now))
    return export


def carry_on(*, export_id: int, seconds: float = SLICE_SECONDS) -> None:
    """Write pieces for a while, then leave the rest to the next slice; never called inside a transaction.

    What stops it is told on the export, for whoever asked to try again; where not even that can be written down, the
    database is away and the outbox tries again.
    """
    try:
        _write(export_id=export_id, ends=time.monotonic() + seconds)
    except Exception:
        log.exception("export_failed", export=export_id)
        _fail(export_id=export_id, now=clock.now())


@use_case
def try_again(*, export_id: int, now: datetime) -> bool:
    """Go on with a file where it failed; False when it has not."""
    failed = OrderExport.objects.filter(pk=export_id, status=Status.FAILED)
    if not failed.update(status=Status.RUNNING, finished_at=None):
        return False
    publish(ExportGoesOn(export_id=export_id, at=now))
    return True


def _write(*, export_id: int, ends: float) -> None:
    pace = Pace()
    while _write_piece(export_id=export_id):
        pace.rest()
        if time.monotonic() > ends:
            _leave(export_id=export_id, now=clock.now())
            return
    export = OrderExport.objects.get(pk=export_id)
    if export.status == Status.RUNNING and export.below is None:
        if export.format == Format.XLSX:
            with tempfile.TemporaryFile() as book:
                _write_book(export, book, pace)
                _keep_book(export, book)
        _finish(export_id=export_id, now=clock.now())


def content_of(export: OrderExport) -> Iterator[bytes]:
    """The file, a piece at a time."""
    for piece in export.pieces.order_by("number").iterator(chunk_size=1):
        yield zlib.decompress(bytes(piece.content))


def sweep_exports(*, now: datetime) -> int:
    """Delete files that have been kept long enough; that they were asked for stays. Returns how many."""
    old = OrderExport.objects.filter(asked_at__lt=now - timedelta(days=EXPORT_DAYS.value()))
    keys = list(old.exclude(status=Status.DELETED).values_list("pk", flat=True))
    for pk in keys:
        delete_export(export_id=pk)
    return len(keys)


@use_case
def stop_export(*, pk: int, actor: Actor, now: datetime) -> None:
    """A file that is half written is of no use to anybody: it is deleted. Raises CannotBeStopped."""
    if not OrderExport.objects.filter(pk=pk, status=Status.RUNNING).update(status=Status.DELETED, finished_at=now):
        raise CannotBeStopped
    ExportPiece.objects.filter(export=pk).delete()


@use_case
def delete_export(*, export_id: int) -> None:
    OrderExport.objects.filter(pk=export_id).update(status=Status.DELETED)
    ExportPiece.objects.filter(export=export_id).delete()


@use_case
def _write_piece(*, export_id: int) -> bool:
    """The next piece; False when there is none, or somebody else is at it."""
    locked = OrderExport.objects.select_for_update(no_key=True, skip_locked=True)
    export = locked.filter(pk=export_id, status=Status.RUNNING, below__isnull=False).first()
    if export is None:
        return False
    wanted = matching(export.given).filter(pk__lt=export.below).select_related("pickup_store")
    orders = list(wanted.prefetch_related("lines").order_by("-pk")[:ORDERS_A_PIECE])
    with translation.override(export.language):
        first = not export.pieces.exists()
        rows = list(rows_of(export.content, orders, reveals=export.reveals))
        if first:
            rows.insert(0, [capfirst(heading) for heading in headings(export.content)])
    _add_piece(export, b"".join(csv_bytes(rows)) if first else _without_mark(rows))
    export.rows += len(rows) - first
    export.below = orders[-1].pk if len(orders) == ORDERS_A_PIECE else None
    if export.format == Format.XLSX and export.rows > MOST_XLSX_ROWS:
        export.status, export.below = Status.TOO_LONG, None
        export.pieces.all().delete()
    export.save(update_fields=["rows", "below", "status"])
    return export.below is not None


def _without_mark(rows: list[list[str]]) -> bytes:
    return b"".join(csv_bytes(rows)).removeprefix(b"\xef\xbb\xbf")


def _add_piece(export: OrderExport, content: bytes) -> None:
    last = export.pieces.aggregate(last=Max("number"))["last"] or 0
    ExportPiece.objects.create(export=export, number=last + 1, content=zlib.compress(content, 6))


def _write_book(export: OrderExport, target: IO[bytes], pace: Pace) -> None:
    """The pieces as a workbook."""
    is_number = numbers(export.content)
    text = io.TextIOWrapper(io.BufferedReader(_Joined(content_of(export))), encoding="utf-8-sig", newline="")
    write_sheet(
        title=export.get_content_display(),
        rows=pace.along(csv.reader(text), every=ORDERS_A_PIECE),
        numbers={at for at, number in enumerate(is_number) if number},
        target=target,
    )


@use_case
def _keep_book(export: OrderExport, book: IO[bytes]) -> None:
    """The workbook takes the place of the pieces that it was made of."""
    locked = OrderExport.objects.select_for_update(no_key=True).get(pk=export.pk)
    if locked.status != Status.RUNNING:
        return
    locked.pieces.all().delete()
    book.seek(0)
    while part := book.read(PIECE_BYTES):
        _add_piece(locked, part)
    locked.status, locked.finished_at = Status.DONE, clock.now()
    locked.save(update_fields=["status", "finished_at"])


@use_case
def _finish(*, export_id: int, now: datetime) -> None:
    OrderExport.objects.filter(pk=export_id, status=Status.RUNNING).update(status=Status.DONE, finished_at=now)


@use_case
def _fail(*, export_id: int, now: datetime) -> None:
    OrderExport.objects.filter(pk=export_id, status=Status.RUNNING).update(status=Status.FAILED, finished_at=now)


@use_case
def _leave(*, export_id: int, now: datetime) -> None:
    publish(ExportGoesOn(export_id=export_id, at=now))


class _Joined(io.RawIOBase):
    """Pieces of bytes read as one file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._left = self._left or next(self._pieces, b"")
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count
