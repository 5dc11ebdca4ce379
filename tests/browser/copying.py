"""Many orders like one that was bought, straight into the tables: what stands there afterwards can be shipped.

`Shop.run` calls this in a process of its own, on the servers of the demo shop.
"""

from django.db import connection

from logistics.network.models import StockMovement
from logistics.network.services import receive_stock
from logistics.shipments.models import Shipment
from orders.checkout.models import Order
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

# Table, how its rows of the copied order are found, and the columns that differ; `n` is the number of the copy.
TABLES = (
    ("checkout_order", "id = %(order)s", {"id": "%(base)s + n", "number": "%(prefix)s || n", "flag": "%(flag)s"}),
    ("checkout_orderline", "order_id = %(order)s", {"order_id": "%(base)s + n"}),
    ("checkout_orderevent", "order_id = %(order)s", {"order_id": "%(base)s + n"}),
    (
        "payments_payment",
        "order_id = %(order)s AND settles_order",
        {"order_id": "%(base)s + n", "number": "%(prefix)s || 'P' || n", "transaction_id": "%(prefix)s || 'T' || n"},
    ),
    (
        "allocation_fulfilmentrequest",
        "order_number = %(number)s",
        {"id": "%(base)s + n", "order_number": "%(prefix)s || n"},
    ),
    (
        "allocation_fulfilmentline",
        "request_id = (SELECT id FROM allocation_fulfilmentrequest WHERE order_number = %(number)s)",
        {"request_id": "%(base)s + n"},
    ),
    (
        "allocation_allocation",
        "id = %(allocation)s",
        {"id": "%(base)s + n", "request_id": "%(base)s + n", "number": "%(prefix)s || 'A' || n"},
    ),
    ("allocation_allocationline", "allocation_id = %(allocation)s", {"allocation_id": "%(base)s + n"}),
    (
        "shipments_shipment",
        "id = %(shipment)s",
        {
            "id": "%(base)s + n",
            "allocation_id": "%(base)s + n",
            "number": "%(prefix)s || 'S' || n",
            "order_number": "%(prefix)s || n",
            "tracking_number": "%(prefix)s || 'W' || n",
        },
    ),
    ("shipments_shipmentline", "shipment_id = %(shipment)s", {"shipment_id": "%(base)s + n"}),
)


def parcels(*, number: str, count: int, prefix: str, flag: str, base: int) -> list[str]:
    """`count` orders like the one of this number, each with a parcel that waits to be shipped; returns theirs."""
    order, shipment = Order.objects.get(number=number), Shipment.objects.get(order_number=number)
    items = {line.sku_id: line.quantity * count for line in shipment.lines.all()}
    known = {
        "order": order.pk,
        "number": number,
        "allocation": shipment.allocation_id,
        "shipment": shipment.pk,
        "prefix": prefix,
        "flag": flag,
        "base": base,
        "count": count,
    }
    with unit_of_work(), connection.cursor() as cursor:
        receive_stock(
            warehouse_id=shipment.warehouse_id,
            items=items,
            reference=f"browser-{prefix}",
            actor=Actor.system("browser"),
            now=clock.now(),
        )
        for sku_id, units in items.items():
            cursor.execute("UPDATE catalog_skustock SET available = available - %s WHERE sku_id = %s", [units, sku_id])
            cursor.execute(
                "UPDATE network_warehousestock SET allocated = allocated + %s WHERE sku_id = %s AND warehouse_id = %s",
                [units, sku_id, shipment.warehouse_id],
            )
        for table, where, changed in TABLES:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
                " AND table_schema = 'public' ORDER BY ordinal_position",
                [table],
            )
            columns = [f'"{name}"' for (name,) in cursor.fetchall() if name != "id" or "id" in changed]
            values = [changed.get(column.strip('"'), column) for column in columns]
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
                f" FROM (SELECT * FROM {table} WHERE {where}) copied, generate_series(1, %(count)s) n",
                known,
            )
    return [f"{prefix}{n}" for n in range(1, count + 1)]


def left_once(*, prefix: str) -> dict[str, int]:
    """Of the copies: parcels of which the warehouse has booked goods out, bookings, and facts that one has left."""
    booked = StockMovement.objects.filter(kind="shipment", reference__startswith=f"{prefix}S")
    told = OutboxEntry.objects.filter(fact="ShipmentShipped", payload__shipment_number__startswith=f"{prefix}S")
    return {
        "parcels": booked.values("reference").distinct().count(),
        "bookings": booked.count(),
        "facts": told.values("event_id").distinct().count(),
    }


def write_remark(*, number: str, remark: str) -> None:
    Order.objects.filter(number=number).update(remark=remark)


def shipped(*, prefix: str) -> int:
    """How many of the copies have left."""
    return Shipment.objects.filter(number__startswith=f"{prefix}S", status="shipped").count()
