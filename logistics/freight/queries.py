"""The freight that a buyer is quoted."""

import orjson

from logistics.freight.engine import FreightQuote, Template, Zone, quote
from shop.core.kept import Kept
from shop.core.prepared import Prepared, Question

# Columns in the order of Template and Zone; written out, because every order asks.
_DEFAULT_TEMPLATE = Prepared(
    "freight_template",
    """
SELECT template.name, template.free_from_fen, template.volumetric_divisor, zone.name, zone.provinces::text,
    zone.delivers, zone.first_weight_g, zone.first_fen, zone.step_weight_g, zone.step_fen, zone.free_shipping
FROM freight_freightzone zone JOIN freight_freighttemplate template ON template.id = zone.template_id
WHERE template.is_default ORDER BY zone.id
""",
)


def quote_freight(
    *, province_code: str, weight_g: int, volume_cm3: int, goods_fen: int, binding: bool = False
) -> FreightQuote:
    """Freight by the default template. A shop without one ships free everywhere.

    The template is kept for a few seconds; a `binding` quote, which an order pays, reads it anew.
    Raises NotDeliverable for a province that the template does not serve.
    """
    template = DEFAULT_TEMPLATE.anew() if binding else DEFAULT_TEMPLATE.value()
    if template is None:
        return FreightQuote(0, "")
    return quote(template, province_code=province_code, weight_g=weight_g, volume_cm3=volume_cm3, goods_fen=goods_fen)


def ask_template() -> Question:
    """What a binding `quote_freight` reads."""
    return Question(_DEFAULT_TEMPLATE, [])


def _default_template() -> Template | None:
    rows = ask_template().run()
    if not rows:
        return None
    zones = tuple(Zone(row[3], frozenset(orjson.loads(row[4])), *row[5:]) for row in rows)
    name, free_from_fen, divisor = rows[0][:3]
    return Template(name, free_from_fen, divisor, zones)


DEFAULT_TEMPLATE = Kept(_default_template)
