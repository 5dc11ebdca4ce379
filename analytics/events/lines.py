"""Events as lines of PostgreSQL's COPY, so that they are written down once between the request and the table.

The member stands before each line and is put there by the loader: accounts may merge meanwhile.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import md5
from re import compile as pattern
from typing import Any
from uuid import UUID

import msgspec

COLUMNS = (
    "member_id, event_id, at, sequence, name, visitor_id, session_id, page, campaign, product_id, channel, device,"
    " load_ms, dwell_ms, order_number, amount_fen, is_bot, props, received_at"
)
NULL = "\\N"
_UUID = pattern(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class Row(msgspec.Struct, kw_only=True):
    """One event as it will stand in the table; texts hold no control characters."""

    event_id: str
    at_ms: int
    name: str
    sequence: int = 0
    visitor_id: str = ""
    session_id: str = ""
    page: str = ""
    campaign: str = ""
    product_id: int | None = None
    channel: str = ""
    device: str = ""
    load_ms: int | None = None
    dwell_ms: int | None = None
    order_number: str = ""
    amount_fen: int | None = None
    is_bot: bool = False
    props: dict[str, Any] | None = None


def key_of(*, visitor_id: str, event_id: str) -> str:
    """A UUID as it is; any other name is one's own, so it is made unique with the visitor's."""
    if _UUID.fullmatch(event_id):
        return event_id
    return str(UUID(bytes=md5(f"{visitor_id}\0{event_id}".encode(), usedforsecurity=False).digest()))


def line_of(row: Row, *, received_at: str) -> str:
    """Without the member, and without the line's end."""
    props = NULL if row.props is None else _escaped(msgspec.json.encode(row.props).decode())
    return "\t".join(
        (
            row.event_id,
            instant(row.at_ms),
            str(row.sequence),
            row.name,
            _escaped(row.visitor_id),
            _escaped(row.session_id),
            _escaped(row.page),
            _escaped(row.campaign),
            _number(row.product_id),
            row.channel,
            row.device,
            _number(row.load_ms),
            _number(row.dwell_ms),
            _escaped(row.order_number),
            _number(row.amount_fen),
            "t" if row.is_bot else "f",
            props,
            received_at,
        )
    )


def lines_of(rows: Iterable[Row], *, now: datetime) -> str:
    received_at = instant(milliseconds(now))
    return "\n".join([line_of(row, received_at=received_at) for row in rows])


def with_member(lines: str, member_id: int | None) -> str:
    """Lines that COPY takes for `COLUMNS`."""
    member = _number(member_id)
    return f"{member}\t" + lines.replace("\n", f"\n{member}\t") + "\n"


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def instant(ms: int) -> str:
    whole, rest = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%d %H:%M:%S}.{rest:03}+00"


def _number(value: int | None) -> str:
    return NULL if value is None else str(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\") if "\\" in text else text
