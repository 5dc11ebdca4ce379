"""The trade bill of WeChat Pay: a compressed CSV file whose values are led by a backtick each."""

import gzip
import hashlib
from collections.abc import Iterator
from io import TextIOWrapper
from typing import IO

from orders.payments.gateways.bills import BillKind, BillLine, BillState, fen, instant

REFUND_STATES = {"SUCCESS": BillState.SUCCEEDED, "PROCESSING": BillState.PROCESSING}
PAID_STATE = "SUCCESS"


def has_digest(file: IO[bytes], *, sha1: str) -> bool:
    """Whether the bill inside has the digest that the gateway announced, which it signs; the download it does not."""
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as content:
            while block := content.read(65_536):
                digest.update(block)
    except (OSError, EOFError):
        return False
    finally:
        file.seek(0)
    return digest.hexdigest() == sha1.lower()


def read_lines(file: IO[bytes]) -> Iterator[BillLine]:
    """The lines between the head and the totals. Raises ValueError and KeyError for what has another shape."""
    content = gzip.GzipFile(fileobj=file, mode="rb")
    with TextIOWrapper(content, encoding="utf-8-sig", newline="\n") as text:
        names = next(text, "").rstrip("\r\n").split(",")
        for row in text:
            if not row.startswith("`"):
                return
            # Names of goods may hold commas, but no comma followed by a backtick.
            values = row.rstrip("\r\n")[1:].split(",`")
            yield _line(dict(zip(names, values, strict=True)))
        raise ValueError("the bill ends before its totals")


def _line(row: dict[str, str]) -> BillLine:
    paid = row["交易状态"] == PAID_STATE
    raw_state = row["交易状态"] if paid else row["退款状态"]
    return BillLine(
        kind=BillKind.PAYMENT if paid else BillKind.REFUND,
        number=row["商户订单号"],
        amount_fen=fen(row["订单金额"] if paid else row["申请退款金额"]),
        fee_fen=fen(row["手续费"]),
        transaction_id=row["微信订单号"],
        at=instant(row["交易时间"]),
        state=BillState.SUCCEEDED if paid else REFUND_STATES.get(raw_state, BillState.ABNORMAL),
        raw_state=raw_state,
        refund_number="" if paid else row["商户退款单号"],
        refund_id="" if paid else row["微信退款单号"],
    )
