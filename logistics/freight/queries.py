"""The freight that a buyer is quoted."""

import orjson

from logistics.freight.engine import FreightQuote, Goods, Template, Zone, quote
from shop.core.kept import Kept
from shop.core.prepared import Prepared, Question
from shop.regions.queries import lineage

# Columns in the order of Template and Zone; written out, because every order asks.
_DEFAULT_TEMPLATE = Prepared(
    "freight_template",
    """
SELECT template.name, template.free_from_fen, template.volumetric_divisor, template.billed_by, zone.name,
    zone.regions::text, zone.delivers, zone.first_size, zone.first_fen, zone.step_size, zone.step_fen,
    zone.free_shipping, zone.cheaper_from_fen, zone.cheaper_fen
FROM freight_freightzone zone JOIN freight_freighttemplate template ON template.id = zone.template_id
WHERE template.is_default ORDER BY zone.id
""",
)


def quote_freight(*, region_code: str, goods: Goods, binding: bool = False) -> FreightQuote:
    """Freight by the default template. A shop without one ships free everywhere.

    The template is kept for a few seconds; a `binding` quote, which an order pays, reads it anew.
    Raises NotDeliverable for a region that the template does not serve.
    """
    template = DEFAULT_TEMPLATE.anew() if binding else DEFAULT_TEMPLATE.value()
    if template is None:
        return FreightQuote(0, "")
    return quote(template, regions=lineage(region_code), goods=goods)


def ask_template() -> Question:
    """What a binding `quote_freight` reads."""
    return Question(_DEFAULT_TEMPLATE, [])


def _default_template() -> Template | None:
    rows = ask_template().run()
    if not rows:
        return None
    zones = tuple(Zone(row[4], frozenset(orjson.loads(row[5])), *row[6:]) for row in rows)
    name, free_from_fen, divisor, billed_by = rows[0][:4]
    return Template(name, free_from_fen, divisor, zones, billed_by)


DEFAULT_TEMPLATE = Kept(_default_template)
