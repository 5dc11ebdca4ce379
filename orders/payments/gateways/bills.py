"""A day's bill: what a gateway says it took in and paid back, kept in a file while read, never whole in memory."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO, Self

from orders.payments.errors import BillUnreadable
from shop.core.clock import SHANGHAI

IN_MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 256 * 1024
MOST_BYTES = 512 * 1024 * 1024
_AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,8})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class BillKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


class BillState(StrEnum):
    """A payment on a bill has succeeded; a refund may be under way, or may not have reached the payer."""

    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    ABNORMAL = "abnormal"


@dataclass(frozen=True)
class BillLine:
    """One movement of money. `number` and `refund_number` are the shop's, the ids and `raw_state` the gateway's.

    `amount_fen` is positive either way; `fee_fen` is what the gateway charges, negative where it gives a fee back.
    """

    kind: BillKind
    number: str
    amount_fen: int
    fee_fen: int
    transaction_id: str
    at: datetime
    state: BillState
    raw_state: str
    refund_number: str = ""
    refund_id: str = ""


class Bill:
    """The bill of a Shanghai day; `with` it, so that its file goes away. A day without any movement has no file.

    `suffix` is how the name of such a file ends.
    """

    def __init__(
        self,
        *,
        day: date,
        file: IO[bytes] | None = None,
        read: Callable[[IO[bytes]], Iterator[BillLine]] | None = None,
        suffix: str = "",
    ) -> None:
        self.day = day
        self.suffix = suffix
        self._file = file
        self._read = read

    def lines(self) -> Iterator[BillLine]:
        """One after the other, from the first, as often as asked. Raises BillUnreadable."""
        if self._file is None or self._read is None:
            return
        self._file.seek(0)
        try:
            yield from self._read(self._file)
        except (ValueError, LookupError, OSError, EOFError) as error:
            raise BillUnreadable(day=self.day) from error

    def pieces(self) -> Iterator[bytes]:
        """The file as the gateway gave it."""
        if self._file is None:
            return
        self._file.seek(0)
        while piece := self._file.read(PIECE_BYTES):
            yield piece

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def spooled(chunks: Iterable[bytes]) -> IO[bytes]:
    """The chunks in a temporary file, rewound. Raises ValueError when there is more than any bill has."""
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            file.close()
            raise ValueError("the bill is larger than any bill may be")
        file.write(chunk)
    file.seek(0)
    return file


def fen(yuan: str) -> int:
    """`-12.50000` → -1250. Raises ValueError for what is no amount, or not a whole number of fen."""
    if not _AMOUNT.fullmatch(yuan):
        raise ValueError(f"{yuan!r} is not an amount")
    amount = Decimal(yuan).scaleb(2)
    if amount != int(amount):
        raise ValueError(f"{yuan!r} is not a whole number of fen")
    return int(amount)


def instant(local: str) -> datetime:
    """`2026-01-31 18:30:00`, as the gateways write Chinese time."""
    if not _INSTANT.fullmatch(local):
        raise ValueError(f"{local!r} is not an instant")
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
