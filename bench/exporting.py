"""Fifty thousand orders written to a file, as CSV and as a workbook, while the storefront is asked for all that it can
give: the file is the filtered list and opens as a spreadsheet in Chinese, and who shops hardly notices.

The crowd asks in pairs of rounds, one with the worker standing still and one with the export going on, until the file
is written: each pair is one ratio. `--share 1` shows what an export without rests would do; nothing is asked of it.
"""

import csv
import io
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from itertools import cycle
from statistics import median

from openpyxl import load_workbook

from crowd import ask as ask_all
from desk import Clerk, Orders
from harness import BenchError, Report, Shop, options, running_shop

ROWS, QUICK_ROWS = 50_000, 5_000
OTHERS = 0.2
CLIENTS = 16
ROUND_REQUESTS, QUICK_REQUESTS = 2_000, 500
LEAST_LEFT = 0.9
WITHIN = 900
LIST = "/admin/checkout/order/"
PAGE = 50
GIVEN = {"flag": "purple"}
HARMFUL = '=HYPERLINK("http://example.com","点我")'
CHOSEN = "SELECT number FROM checkout_order WHERE flag = 'purple' ORDER BY id DESC"
PATHS = ("/api/v1/products?ordering=-sales", "/api/v1/products?ordering=price", "/api/v1/products?ordering=-created")


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--share", type=float, default=0.2, help="of one processor that the export may take")
    asked = parser.parse_args()
    rows = QUICK_ROWS if asked.quick else ROWS
    report = Report("exporting", asked.seed)
    with running_shop(asked.state_dir, LONG_WORK_SHARE=str(asked.share)) as shop:
        write_orders(shop, rows)
        report.note(f"{rows:,} orders to export among {round(rows * (1 + OTHERS)):,}")
        numbers = [number for (number,) in shop.query(CHOSEN)]
        requests = QUICK_REQUESTS if asked.quick else ROUND_REQUESTS
        held = LEAST_LEFT if asked.share < 1 else None
        crowd = Crowd(shop, report, requests)
        check_list(report, shop, numbers)
        for file_format in ("csv", "xlsx"):
            check_file(report, shop, file_format, crowd.beside_export(file_format, held), numbers)
    return report.finish()


def write_orders(shop: Shop, rows: int) -> None:
    orders = Orders(shop)
    orders.write(round(rows * (1 + OTHERS)), members=1_000)
    shop.query("UPDATE checkout_order SET flag = '' WHERE flag = 'purple'")
    shop.query(
        "UPDATE checkout_order SET flag = 'purple', remark = CASE WHEN id %% 100 = 0 THEN %s ELSE '龙井请包好' END"
        " WHERE id IN (SELECT id FROM checkout_order WHERE number LIKE 'Z%%' ORDER BY id LIMIT %s)",
        [HARMFUL, rows],
    )
    shop.query("VACUUM ANALYZE checkout_order")


class Crowd:
    """Who shops while a file is written."""

    def __init__(self, shop: Shop, report: Report, requests: int) -> None:
        self.shop, self.report, self.requests = shop, report, requests
        self.paths: Iterator[str] = cycle(PATHS)

    def beside_export(self, file_format: str, held: float | None) -> int:
        """Have a file written and shop meanwhile; returns the export's id."""
        self.round()
        started = time.monotonic()
        export = int(self.shop.call("bench.asking", "ask", file_format=file_format, given=GIVEN))
        ratios: list[float] = []
        while self.is_running(export):
            if time.monotonic() - started > WITHIN:
                raise BenchError(f"the {file_format} was not written within {WITHIN} s")
            with self.shop.paused("worker"):
                alone = self.round()
            meanwhile = self.round()
            if self.is_running(export):
                ratios.append(meanwhile / alone)
        if not ratios:
            raise BenchError("the export was over before anybody could shop beside it")
        seconds = time.monotonic() - started
        self.report.note(f"{file_format}: {len(ratios)} pairs of rounds, lowest {min(ratios):.2f}; {seconds:.0f} s")
        self.report.figure(f"storefront_beside_{file_format}_to_alone", median(ratios), target=held)
        return export

    def is_running(self, export: int) -> bool:
        ((status,),) = self.shop.query("SELECT status FROM workbench_orderexport WHERE id = %s", [export])
        if status not in ("running", "done"):
            raise BenchError(f"the export is {status}")
        return status == "running"

    def round(self) -> float:
        answers = ask_all(self.shop.base_url, self.paths, clients=CLIENTS, requests=self.requests)
        if set(answers.statuses) != {200}:
            raise BenchError(f"not every answer was 200: {dict(answers.statuses)}")
        return answers.per_second


def check_list(report: Report, shop: Shop, numbers: list[str]) -> None:
    """The list shows these orders in this order: its first pages, and the page that goes on after so many."""
    clerk = Clerk(shop)
    for page in (1, 2, 100):
        shown = clerk.http.get(LIST, params={**GIVEN, "p": page}).text
        expected = numbers[(page - 1) * PAGE : page * PAGE]
        report.must(f"list_page_{page}_rows_of_the_file", sum(number in shown for number in expected), PAGE)


def check_file(report: Report, shop: Shop, file_format: str, export: int, numbers: list[str]) -> None:
    content = b64decode(shop.call("bench.asking", "content", export=export))
    if file_format == "csv":
        report.must("csv_begins_with_the_mark_of_utf8", content.startswith(b"\xef\xbb\xbf"), True)
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    else:
        sheet = load_workbook(io.BytesIO(content), read_only=True).active
        assert sheet is not None
        table = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    headings, rows = table[0], table[1:]
    at = {name: headings.index(name) for name in ("订单号", "状态", "买家备注")}
    report.must(f"{file_format}_numbers_equal_the_list", [row[at["订单号"]] for row in rows] == numbers, True)
    remarks = {row[at["买家备注"]] for row in rows}
    report.must(f"{file_format}_remarks", sorted(remarks), sorted({f"'{HARMFUL}", "龙井请包好"}))
    report.must(
        f"{file_format}_statuses_in_chinese",
        all(row[at["状态"]].isalpha() and not row[at["状态"]].isascii() for row in rows),
        True,
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench failed: {error}")
