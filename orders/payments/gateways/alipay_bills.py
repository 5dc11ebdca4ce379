"""The trade bill of Alipay: a zipped CSV file in GBK between lines of remarks, beside another that sums it up."""

import csv
import zipfile
from collections.abc import Iterator
from io import TextIOWrapper
from typing import IO

from orders.payments.gateways.bills import BillKind, BillLine, BillState, fen, instant

SUMMARY = "(汇总)"
REFUND = "退款"
_KINDS = {"交易": BillKind.PAYMENT, REFUND: BillKind.REFUND}


def read_lines(file: IO[bytes]) -> Iterator[BillLine]:
    """The lines between the remarks. Raises ValueError, KeyError and OSError for what has another shape."""
    try:
        with zipfile.ZipFile(file) as folder, folder.open(_details(folder)) as content:
            # A superset of GBK, which is what the file is said to be in.
            text = TextIOWrapper(content, encoding="gb18030", newline="")
            rows = csv.reader(line for line in text if not line.startswith("#"))
            names = [name.strip() for name in next(rows, [])]
            for row in rows:
                yield _line(dict(zip(names, map(str.strip, row), strict=True)))
    except (zipfile.BadZipFile, csv.Error) as error:
        raise ValueError(str(error)) from error


def _details(folder: zipfile.ZipFile) -> str:
    # The names are in GBK too, and not marked so; old ZIP files are read as code page 437.
    for entry in folder.infolist():
        name = entry.filename if entry.flag_bits & 0x800 else entry.filename.encode("cp437").decode("gb18030")
        if name.endswith(".csv") and SUMMARY not in name:
            return entry.filename
    raise ValueError("there are no details in the bill")


def _line(row: dict[str, str]) -> BillLine:
    kind = _KINDS[row["业务类型"]]
    return BillLine(
        kind=kind,
        number=row["商户订单号"],
        amount_fen=abs(fen(row["订单金额（元）"])),
        # What is taken off the amount stands with a minus.
        fee_fen=-fen(row["服务费（元）"]),
        transaction_id=row["支付宝交易号"],
        at=instant(row["完成时间"]),
        state=BillState.SUCCEEDED,
        raw_state=row["业务类型"],
        refund_number=row["退款批次号/请求号"] if kind == BillKind.REFUND else "",
    )
