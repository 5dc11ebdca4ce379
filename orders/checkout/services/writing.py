"""An order as it is written: with its lines and the beginning of its history, in one statement."""

import json
from collections.abc import Sequence

from psycopg2.extras import Json

from orders.checkout.models import Order, OrderLine
from shop.core.actors import Actor
from shop.core.prepared import Prepared

_JSON = ("recipient", "adjustments", "rejections", "freight_adjustments", "freight_parts")
_COLUMNS = [field.attname for field in Order._meta.concrete_fields if not field.primary_key]
# What a line has from the beginning, and as which array its values come.
_OF_LINES = {
    "position": "int",
    "sku_id": "bigint",
    "product_id": "bigint",
    "product_name": "text",
    "sku_code": "text",
    "options": "text",
    "image_url": "text",
    "unit_price_fen": "bigint",
    "quantity": "int",
    "subtotal_fen": "bigint",
    "payable_fen": "bigint",
    "is_gift": "boolean",
    "weight_g": "int",
    "volume_cm3": "int",
}
_WRITE = Prepared(
    "write_order",
    f"""
WITH placed AS (
    INSERT INTO checkout_order ({", ".join(_COLUMNS)}) VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
    RETURNING id, status, placed_at
), bought AS (
    INSERT INTO checkout_orderline (order_id, {", ".join(_OF_LINES)}, adjustments, units_claimed, units_returned)
    SELECT placed.id, {", ".join(f"line.{name}" for name in _OF_LINES)}, line.adjustments::jsonb, 0, 0
    FROM placed, unnest({", ".join(f"%(line_{name})s::{kind}[]" for name, kind in _OF_LINES.items())},
        %(line_adjustments)s::text[]) AS line({", ".join(_OF_LINES)}, adjustments)
    RETURNING id, position
), history AS (
    INSERT INTO checkout_orderevent (order_id, status, actor, note, happened_at)
    SELECT id, status, %(actor)s::text, '', placed_at FROM placed
)
SELECT placed.id, (SELECT array_agg(id ORDER BY position) FROM bought) FROM placed
""",
)


def write_order(order: Order, lines: Sequence[OrderLine], *, actor: Actor) -> None:
    """Insert them, inside the caller's transaction; they have their keys afterwards."""
    values = {name: getattr(order, name) for name in _COLUMNS}
    values |= {name: Json(values[name]) for name in _JSON if values[name] is not None}
    values |= {f"line_{name}": [getattr(line, name) for line in lines] for name in _OF_LINES}
    values |= {"line_adjustments": [json.dumps(line.adjustments) for line in lines], "actor": str(actor)[:80]}
    [(order.pk, keys)] = _WRITE.run(values)
    for line, key in zip(lines, keys, strict=True):
        line.pk, line.order_id = key, order.pk
