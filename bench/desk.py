"""The desk with a thousand orders and members and with a million and two hundred thousand: what its lists take.

Members and orders with lines, payments and parcels are written straight into the tables, a thousand first, then all the
others; the same pages are asked for over HTTP by somebody signed in, in turns. Each page shows as many rows before as
after, so that the ratio is that of finding them: what one looks for among many, as a tail of phones, fills a page among
the first thousand already.
"""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from random import Random

import httpx

from harness import BenchError, Report, Shop, options, percentile, running_shop

FEW, MANY, QUICK_MANY = 1_000, 1_000_000, 100_000
ORDERS_A_MEMBER = 5
CHUNK = 50_000
ROUNDS, QUICK_ROUNDS = 30, 8
GROWTH = 1.5
LISTS = {
    "orders": "/admin/checkout/order/",
    "members": "/admin/identity/member/",
    "parcels": "/admin/shipments/shipment/",
    "payments": "/admin/payments/payment/",
}
# What people look for all day: each of these has the target for itself.
HELD = (
    "orders_all",
    "orders_number",
    "orders_phone_tail",
    "orders_tracking",
    "members_all",
    "members_phone_tail",
    "members_name",
    "parcels_tracking",
)
# Of each table: its columns that differ from those of the row that is copied. `n` is the number of the order.
NUMBER = "'Z' || lpad(n::text, 9, '0')"
STATUS = "(ARRAY['completed', 'shipped', 'delivered', 'allocated', 'cancelled'])[1 + n %% 5]"
MEMBERS = {
    "id": "%(first)s + n",
    "phone": "'+86139' || CASE WHEN n %% 10 = 7 AND n <= 1000 THEN lpad(n::text, 4, '0') || '0777'"
    " ELSE lpad(n::text, 8, '0') END",
    "openid": "'bench-' || n",
    "unionid": "''",
    "nickname": "(ARRAY['茶友', '花生', '青山', 'Tom'])[1 + n %% 4] || n || '号'",
    "invite_code": "'BZ' || lpad(n::text, 8, '0')",
    "inviter_id": "NULL",
    "status": "CASE WHEN n %% 10 = 0 THEN 'blocked' ELSE 'active' END",
    "joined_at": "now() - n * interval '2 minutes'",
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "checkout_order": {
        "id": "%(first)s + n",
        "member_id": "%(first)s + 1 + n %% %(members)s",
        "number": NUMBER,
        "status": STATUS,
        "payable_fen": "goods_fen - discount_fen + freight_fen + n %% 997 * 100",
        "goods_fen": "goods_fen + n %% 997 * 100",
        "placed_at": "now() - n * interval '20 seconds'",
        "channel": "(ARRAY['mini_program', 'h5', 'app'])[1 + n %% 3]",
        "phone_tail": "CASE WHEN n %% 10 = 7 AND n <= 1000 THEN '0777' ELSE lpad((n %% 9973)::text, 4, '0') END",
        "flag": "CASE WHEN n %% 8 = 0 THEN 'red' ELSE '' END",
        "remark": "CASE WHEN n %% 6 = 0 THEN '请放前台' ELSE '' END",
    },
    "checkout_orderline": {"order_id": "%(first)s + n", "sku_id": "(%(skus)s::bigint[])[1 + n %% %(sku_count)s]"},
    "payments_payment": {
        "order_id": "%(first)s + n",
        "number": "'ZP' || n",
        "transaction_id": "'ZT' || n",
        "method": "CASE WHEN n %% 4 = 0 THEN 'alipay' ELSE 'wechat' END",
    },
    "allocation_fulfilmentrequest": {"id": "%(first)s + n", "order_number": NUMBER},
    "allocation_allocation": {"id": "%(first)s + n", "request_id": "%(first)s + n", "number": "'ZA' || n"},
    "shipments_shipment": {
        "allocation_id": "%(first)s + n",
        "number": "'ZS' || n",
        "order_number": NUMBER,
        "tracking_number": "'ZW' || n",
        "warehouse_id": "(%(warehouses)s::bigint[])[1 + n %% %(warehouse_count)s]",
        "carrier_id": "(%(carriers)s::bigint[])[1 + n %% %(carrier_count)s]",
        "status": "CASE WHEN n %% 10 = 0 THEN 'exception' ELSE status END",
    },
}


def main() -> int:
    asked = options(__doc__).parse_args()
    many, rounds = (QUICK_MANY, QUICK_ROUNDS) if asked.quick else (MANY, ROUNDS)
    report = Report("desk", asked.seed)
    with running_shop(asked.state_dir) as shop:
        clerk = Clerk(shop)
        orders = Orders(shop)
        orders.write(FEW, members=FEW)
        pages = clerk.pages(orders)
        clerk.measure(pages, 3)
        before = clerk.measure(pages, rounds)
        report.note(f"measured with {FEW:,} orders and as many members; writing {many:,}")
        orders.write(many, members=many // ORDERS_A_MEMBER)
        report.note("written")
        clerk.measure(pages, 3)
        after = clerk.measure(pages, rounds)
        compare(report, many, before, after)
    return report.finish()


class Orders:
    """Copies of one member, and of one order that the demo has shipped, each with another number, status and day."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.written, self.members = 0, 0
        ((self.template,),) = shop.query(
            "SELECT min(o.id) FROM checkout_order o JOIN shipments_shipment s ON s.order_number = o.number"
            " JOIN payments_payment p ON p.order_id = o.id AND p.settles_order WHERE s.shipped_at IS NOT NULL"
        )
        if self.template is None:
            raise BenchError("the demo shop has shipped no order to copy")
        ((first,),) = shop.query(
            "SELECT greatest((SELECT max(id) FROM checkout_order), (SELECT max(id) FROM allocation_allocation),"
            " (SELECT max(id) FROM identity_member),"
            " (SELECT max(id) FROM allocation_fulfilmentrequest)) + 1000"
        )
        self.known = {"first": first, **self._places()}

    def _places(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, table in (
            ("sku", "catalog_sku"),
            ("warehouse", "network_warehouse"),
            ("carrier", "carriers_carrier"),
        ):
            ids = [pk for (pk,) in self.shop.query(f"SELECT id FROM {table} ORDER BY id LIMIT 60")]
            found |= {f"{name}s": ids, f"{name}_count": len(ids)}
        return found

    def write(self, upto: int, *, members: int) -> None:
        self._copy("identity_member", MEMBERS, self.members + 1, members)
        self.members = members
        while self.written < upto:
            last = min(self.written + CHUNK, upto)
            for table, changed in TABLES.items():
                self._copy(table, changed, self.written + 1, last)
            self.written = last
        for table in ("identity_member", *TABLES):
            self.shop.query(f"VACUUM ANALYZE {table}")

    def _copy(self, table: str, changed: Mapping[str, str], start: int, end: int) -> None:
        columns = [name for name in self._columns(table) if name != "id" or "id" in changed]
        quoted = [f'"{name}"' for name in columns]
        values = [changed.get(name, own) for name, own in zip(columns, quoted, strict=True)]
        self.shop.query(
            f"INSERT INTO {table} ({', '.join(quoted)})"
            f" SELECT {', '.join(values)} FROM ({self._source(table)}) copied,"
            " generate_series(%(start)s::bigint, %(end)s) n",
            {**self.known, "members": self.members, "start": start, "end": end, "template": self.template},
        )

    def _source(self, table: str) -> str:
        order = "(SELECT number FROM checkout_order WHERE id = %(template)s)"
        request = f"(SELECT id FROM allocation_fulfilmentrequest WHERE order_number = {order})"
        where = {
            "identity_member": "status = 'active'",
            "checkout_order": "id = %(template)s",
            "checkout_orderline": "order_id = %(template)s",
            "payments_payment": "order_id = %(template)s AND settles_order",
            "allocation_fulfilmentrequest": f"order_number = {order}",
            "allocation_allocation": f"request_id = {request}",
            "shipments_shipment": f"order_number = {order}",
        }[table]
        only = "" if table == "checkout_orderline" else " ORDER BY id LIMIT 1"
        return f"SELECT * FROM {table} WHERE {where}{only}"

    def _columns(self, table: str) -> Sequence[str]:
        rows = self.shop.query(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return [name for (name,) in rows]


class Clerk:
    """Somebody signed in at the console."""

    def __init__(self, shop: Shop) -> None:
        self.http = httpx.Client(base_url=shop.base_url, timeout=120)
        page = self.http.get("/admin/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise BenchError("the console has no form to sign in")
        signed = self.http.post(
            "/admin/login/?next=/admin/",
            data={
                "csrfmiddlewaretoken": token[1],
                "username": shop.env["ADMIN_USER"],
                "password": shop.env["ADMIN_PASSWORD"],
            },
            headers={"Referer": f"{shop.base_url}/admin/login/"},
        )
        if signed.status_code != 302:
            raise BenchError("the console does not let the owner in")

    def pages(self, orders: Orders) -> dict[str, dict[str, str]]:
        """By name, which begins with that of the list."""
        shop = orders.shop
        ((sku,),) = shop.query("SELECT code FROM catalog_sku WHERE id = %s", [orders.known["skus"][0]])  # type: ignore[index]
        warehouse, carrier = str(orders.known["warehouses"][0]), str(orders.known["carriers"][0])  # type: ignore[index]
        return {
            "orders_all": {"q": ""},
            "orders_status": {"status": "shipped"},
            "orders_to_ship": {"status": "to_ship"},
            "orders_days": {"placed": "today"},
            "orders_amount": {"amount_from": "300", "amount_to": "900"},
            "orders_sku": {"product": sku},
            "orders_warehouse": {"warehouse": warehouse},
            "orders_carrier_and_status": {"carrier": carrier, "status": "delivered"},
            "orders_front": {"channel": "h5"},
            "orders_flag": {"flag": "red"},
            "orders_remark": {"remark": "buyer"},
            "orders_payment": {"payment": "alipay"},
            "orders_number": {"q": "Z000000777"},
            "orders_tracking": {"q": "ZW777"},
            "orders_phone_tail": {"q": "0777"},
            "orders_phone": {"q": "13907770777"},
            "orders_last_page": {"q": "", "p": "20"},
            "members_all": {},
            "members_phone_tail": {"q": "0777"},
            "members_phone": {"q": "13907770777"},
            "members_name": {"q": "花生777号"},
            "members_code": {"q": "bz00000777"},
            "members_blocked": {"status__exact": "blocked"},
            "parcels_all": {},
            "parcels_order": {"q": "Z000000777"},
            "parcels_tracking": {"q": "ZW777"},
            "parcels_status": {"status__exact": "exception"},
            "payments_all": {},
            "payments_number": {"q": "ZP777"},
            "payments_order": {"q": "Z000000777"},
            "payments_transaction": {"q": "ZT777"},
        }

    def measure(self, pages: Mapping[str, Mapping[str, str]], rounds: int) -> dict[str, list[float]]:
        """Milliseconds of each page, in turns."""
        taken: dict[str, list[float]] = {name: [] for name in pages}
        names = list(pages)
        for number in range(rounds):
            Random(number).shuffle(names)
            for name in names:
                started = time.perf_counter()
                answer = self.http.get(LISTS[name.split("_")[0]], params=dict(pages[name]))
                taken[name].append((time.perf_counter() - started) * 1000)
                if answer.status_code != 200 or 'id="result_list"' not in answer.text:
                    raise BenchError(f"the list for {name} answered {answer.status_code} or nothing")
        return taken


def compare(report: Report, many: int, before: Mapping[str, list[float]], after: Mapping[str, list[float]]) -> None:
    for name in before:
        value, reference = percentile(after[name], 0.5), percentile(before[name], 0.5)
        target = GROWTH if name in HELD else None
        report.figure(f"{name}_median_ms", value, reference=reference, target=target, better="lower")
    for name in LISTS:
        few, all_of_them = (
            [ms for page, taken in each.items() if page.startswith(name) for ms in taken] for each in (before, after)
        )
        report.figure(
            f"{name}_p95_ms_with_{many}_orders",
            percentile(all_of_them, 0.95),
            reference=percentile(few, 0.95),
            target=GROWTH,
            better="lower",
        )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench failed: {error}")
