"""Past orders for tests, as the import writes them."""

import io
from datetime import UTC, date, datetime, timedelta

from orders.imports.models import ImportedCustomer
from orders.imports.services import import_orders
from shop.core.actors import Actor

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
DAY = timedelta(days=1)


def bought(*rows, sku="TEA-1"):
    """Rows of (customer, days ago, yuan), each an order of one unit paid at noon; returns members by customer."""
    before = ImportedCustomer.objects.count()
    lines = [
        f"N{before}-{number},{customer},{TODAY - days * DAY} 12:00,{sku},1,{yuan}"
        for number, (customer, days, yuan) in enumerate(rows)
    ]
    text = "\n".join(["order_number,customer,paid_at,sku,quantity,amount", *lines])
    report = import_orders(file=io.BytesIO(text.encode()), actor=Actor.system("test"), now=NOW)
    assert report.problems == []
    return {row.number: row.member for row in ImportedCustomer.objects.select_related("member")}
