"""A history of events from a CSV file: read line by line, all of it or, where something is wrong, nothing."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TextIO

import msgspec

from analytics.events.incoming import Fen, Id, Milliseconds, Number, OrderNumber, Place, Text64, Text200, Word
from analytics.events.lines import Row, key_of, lines_of, milliseconds
from analytics.events.models import Batch
from analytics.events.names import ALL_NAMES
from analytics.events.services.partitions import first_day_kept
from analytics.events.services.receiving import NEWEST, nameless_session
from shop.core.clock import SHANGHAI, business_day
from shop.core.transactions import use_case

ROWS_AT_ONCE = 2_000
MOST_PROBLEMS = 100
REQUIRED = ("id", "name", "at", "visitor_id")


class EventRow(msgspec.Struct, forbid_unknown_fields=True):
    """The columns of a file, in any order; `at` without an offset is Shanghai's time."""

    id: Id
    name: str
    at: datetime
    visitor_id: Id
    session_id: Text64 = ""
    member_id: Number | None = None
    page: Text200 = ""
    campaign: Text64 = ""
    product_id: Number | None = None
    channel: Word = ""
    device: Word = ""
    load_ms: Milliseconds | None = None
    dwell_ms: Milliseconds | None = None
    seq: Place = 0
    order_number: OrderNumber = ""
    amount_fen: Fen | None = None
    is_bot: bool = False


COLUMNS = tuple(each.name for each in msgspec.structs.fields(EventRow))


@dataclass(frozen=True)
class Problem:
    """`line` counts from 1, which is the header."""

    line: int
    message: str


@dataclass
class Report:
    rows: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line, message))


class ProblemsFound(Exception):
    """Rolls back what was kept of the file."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.problem_count} problems")
        self.report = report


@use_case
def import_events(*, file: TextIO, now: datetime) -> Report:
    """Put all rows into the buffer. Raises ProblemsFound, and keeps nothing, when there is one."""
    report = Report()
    reader = csv.DictReader(file)
    header = _header(reader, report)
    for missing in [name for name in REQUIRED if name not in header]:
        report.add(1, f"column {missing} is missing")
    for unknown in [name for name in header if name not in COLUMNS]:
        report.add(1, f"column {unknown} is not known")
    if report.problem_count:
        raise ProblemsFound(report)
    rows = _rows(reader, report, now)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        _keep(some, now)
        report.rows += len(some)
    if report.problem_count:
        raise ProblemsFound(report)
    return report


def _header(reader: "csv.DictReader[str]", report: Report) -> Sequence[str]:
    try:
        return reader.fieldnames or []
    except (UnicodeDecodeError, csv.Error) as error:
        report.add(1, f"cannot be read: {error}")
        raise ProblemsFound(report) from None


def _rows(reader: "csv.DictReader[str]", report: Report, now: datetime) -> Iterator[tuple[int | None, Row]]:
    check = _checker(now)
    for given in _read(reader, report):
        try:
            yield check(given)
        except (ValueError, OverflowError, msgspec.ValidationError) as error:
            report.add(reader.line_num, str(error))


def _read(reader: "csv.DictReader[str]", report: Report) -> Iterator[dict[Any, Any]]:
    """As far as it can be read."""
    try:
        yield from reader
    except (UnicodeDecodeError, csv.Error) as error:
        report.add(reader.line_num + 1, f"cannot be read: {error}")


def _checker(now: datetime) -> Callable[[Mapping[Any, Any]], tuple[int | None, Row]]:
    oldest, latest = first_day_kept(now=now), now + NEWEST

    def check(given: Mapping[Any, Any]) -> tuple[int | None, Row]:
        if None in given:
            raise ValueError("more cells than columns")
        row = msgspec.convert({name: cell for name, cell in given.items() if cell}, EventRow, strict=False)
        at = row.at if row.at.tzinfo else row.at.replace(tzinfo=SHANGHAI)
        if row.name not in ALL_NAMES:
            raise ValueError(f"no event is called {row.name}")
        if business_day(at) < oldest or at > latest:
            raise ValueError(f"{row.at:%Y-%m-%d %H:%M} is older than events are kept, or in the future")
        at_ms = milliseconds(at.astimezone(UTC))
        return row.member_id, _row(row, at_ms)

    return check


def _row(row: EventRow, at_ms: int) -> Row:
    same = {
        name: getattr(row, name)
        for name in ("name", "visitor_id", "page", "campaign", "product_id", "channel", "device", "load_ms")
    }
    return Row(
        **same,
        event_id=key_of(visitor_id=row.visitor_id, event_id=row.id),
        at_ms=at_ms,
        sequence=row.seq,
        session_id=row.session_id or nameless_session(at_ms),
        dwell_ms=row.dwell_ms,
        order_number=row.order_number,
        amount_fen=row.amount_fen,
        is_bot=row.is_bot,
    )


def _keep(rows: list[tuple[int | None, Row]], now: datetime) -> None:
    """One batch per member: batches know whose they are."""
    by_member: dict[int | None, list[Row]] = {}
    for member_id, row in rows:
        by_member.setdefault(member_id, []).append(row)
    Batch.objects.bulk_create(
        Batch(member_id=member_id, lines=lines_of(some, now=now), events=len(some), received_at=now)
        for member_id, some in by_member.items()
    )
