"""Alipay's trade bills: a zipped CSV file in GBK for each day, with a second one that sums it up.

Payments and refunds count on the day on which they took effect, in China. Unlike the real gateway, which has a bill by
nine the next morning, today's can be had too.
"""

import csv
import io
import re
import time
import zipfile
from datetime import datetime, timedelta
from sqlite3 import Row
from typing import Any

from shop.sandbox.alipay.protocol import AlipayRefused, Biz, Method, local, yuan
from shop.sandbox.clock import CHINA
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.routing import Request, Response, Route, refused
from shop.sandbox.signing import random_text
from shop.sandbox.store import Store

FILE_SECONDS = 30
FEE_BP = 60
COLUMNS = [
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "商品名称",
    "创建时间",
    "完成时间",
    "门店编号",
    "门店名称",
    "操作员",
    "终端号",
    "对方账户",
    "订单金额（元）",
    "商家实收（元）",
    "支付宝红包（元）",
    "集分宝（元）",
    "支付宝优惠（元）",
    "商家优惠（元）",
    "券核销金额（元）",
    "券名称",
    "商家红包消费金额（元）",
    "卡消费金额（元）",
    "退款批次号/请求号",
    "服务费（元）",
    "分润（元）",
    "备注",
]
# Amounts and fees are kept in fen until they are written.
Line = dict[str, Any]


class Bills:
    """Draws up bills and hands the files out."""

    def __init__(self, *, store: Store, accounts: Accounts, faults: Faults) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults
        self.base_url = ""

    def methods(self) -> dict[str, Method]:
        return {"alipay.data.dataservice.bill.downloadurl.query": self.request_bill}

    def routes(self) -> list[Route]:
        return [Route("GET", "/downloadBillFile.resource", self.download, ("alipay", "alipay_bill"))]

    def request_bill(self, biz: Biz, params: dict[str, str]) -> dict[str, Any]:
        """alipay.data.dataservice.bill.downloadurl.query {bill_type: trade, bill_date}."""
        if biz.get("bill_type") != "trade":
            raise AlipayRefused("isv.invalid-arguments", "bill_type应为trade")
        day = _day(str(biz.get("bill_date", "")))
        lines = self._strike(self._lines(day))
        if not lines:
            raise AlipayRefused("isp.bill_not_exist", "账单不存在")
        token = random_text(64)
        with self._store.transaction():
            self._store.run("DELETE FROM bill_files WHERE expires_at < ?", time.time())
            self._store.insert(
                "bill_files", token=token, content=self._zipped(day, lines), expires_at=time.time() + FILE_SECONDS
            )
        return {"bill_download_url": f"{self.base_url}/downloadBillFile.resource?bizType=trade&token={token}"}

    def download(self, request: Request) -> Response:
        """GET /downloadBillFile.resource?token=; the address itself is the permission, for half a minute."""
        found = self._store.one(
            "SELECT content FROM bill_files WHERE token = ? AND expires_at > ?",
            request.query.get("token", ""),
            time.time(),
        )
        if found is None:
            raise refused(403, "EXPIRED", "The address is not valid any more.")
        return Response(200, found["content"], "application/octet-stream")

    def _lines(self, day: datetime) -> list[Line]:
        start, end = day.timestamp(), (day + timedelta(days=1)).timestamp()
        paid = self._store.all(
            "SELECT * FROM alipay_trades WHERE paid_at >= ? AND paid_at < ? ORDER BY paid_at", start, end
        )
        refunded = self._store.all(
            "SELECT r.*, t.trade_no, t.subject FROM alipay_refunds r JOIN alipay_trades t USING (out_trade_no)"
            " WHERE r.settles_at >= ? AND r.settles_at < ? AND r.settles_at <= ? ORDER BY r.settles_at",
            start,
            end,
            time.time(),
        )
        payments = [_line(row, "交易", amount=row["total"], at=row["paid_at"]) for row in paid]
        return payments + [
            _line(row, "退款", amount=-row["amount"], at=row["settles_at"])
            | {"退款批次号/请求号": row["out_request_no"]}
            for row in refunded
        ]

    def _strike(self, lines: list[Line]) -> list[Line]:
        """Let a fault make the bill differ: an amount a fen too high, a line left out, or one that nobody ordered."""
        fault = self._faults.take("alipay_bill", frozenset({"amount", "missing", "extra"}))
        if fault is None or not lines:
            return lines
        first, rest = lines[0], lines[1:]
        if fault.kind == "missing":
            return rest
        if fault.kind == "extra":
            unknown = {"商户订单号": f"UNKNOWN{random_text(12)}", "支付宝交易号": f"2026{time.time_ns()}"}
            return [first | unknown, *lines]
        return [first | {"订单金额（元）": first["订单金额（元）"] + (1 if first["业务类型"] == "交易" else -1)}, *rest]

    def _zipped(self, day: datetime, lines: list[Line]) -> bytes:
        account, until = f"{self._accounts.alipay_seller_id}0156", day + timedelta(days=1)
        head = [
            "#支付宝业务明细查询",
            f"#账号：[{account}]",
            f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{until:%Y年%m月%d日} 00:00:00]",
            "#-----------------------------------------业务明细列表----------------------------------------",
        ]
        paid = [line for line in lines if line["业务类型"] == "交易"]
        back = [line for line in lines if line["业务类型"] == "退款"]
        foot = [
            "#-----------------------------------------业务明细列表结束------------------------------------",
            f"#交易合计：{len(paid)}笔，商家实收共{_sum(paid)}元，商家优惠共0.00元",
            f"#退款合计：{len(back)}笔，商家实收退款共{_sum(back)}元，商家优惠退款共0.00元",
            f"#导出时间：[{datetime.now(CHINA):%Y年%m月%d日 %H:%M:%S}]",
        ]
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as folder:
            name = f"{account}_{day:%Y%m%d}_业务明细"
            folder.writestr(f"{name}.csv", _csv(head, lines, foot))
            folder.writestr(f"{name}(汇总).csv", _csv(head, [], foot))
        return content.getvalue()


def _line(row: Row, kind: str, *, amount: int, at: float) -> Line:
    zero = dict.fromkeys((name for name in COLUMNS if name.endswith("（元）")), 0)
    return zero | {
        "支付宝交易号": row["trade_no"],
        "商户订单号": row["out_trade_no"],
        "业务类型": kind,
        "商品名称": row["subject"],
        "创建时间": local(row["created_at"]),
        "完成时间": local(at),
        "对方账户": "*小满(159****5620)",
        "订单金额（元）": amount,
        "商家实收（元）": amount,
        # The fee is taken off what is received, so it stands against the amount.
        "服务费（元）": -_fee(amount),
    }


def _csv(head: list[str], lines: list[Line], foot: list[str]) -> bytes:
    """Long numbers are followed by a tab, which keeps spreadsheets from reading them as fractions."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([_written(name, line.get(name, "")) for name in COLUMNS])
    whole = "".join(f"{part}\r\n" for part in head) + text.getvalue() + "".join(f"{part}\r\n" for part in foot)
    return whole.encode("gbk", "replace")


def _written(name: str, value: object) -> str:
    return yuan(value) if isinstance(value, int) else f"{value}\t"


def _fee(amount: int) -> int:
    """Rounded half up to a whole fen, and back by the same."""
    fee = (abs(amount) * FEE_BP + 5_000) // 10_000
    return fee if amount > 0 else -fee


def _sum(lines: list[Line]) -> str:
    return yuan(sum(line["商家实收（元）"] for line in lines))


def _day(text: str) -> datetime:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            day = datetime.fromisoformat(text).replace(tzinfo=CHINA)
        except ValueError:
            pass
        else:
            if day <= datetime.now(CHINA):
                return day
    raise AlipayRefused("isv.invalid-arguments", "bill_date格式应为yyyy-MM-dd，且不晚于当天")
