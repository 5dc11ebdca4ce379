"""The freight that a buyer is quoted."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import orjson

from logistics.freight.engine import Freight, Goods, Template, Templates, Zone, quote_all
from logistics.freight.models import ProductFreight
from shop.core.kept import Kept
from shop.core.prepared import Prepared, Question
from shop.regions.queries import lineage

# The default template and those that some of these SKUs have, a row for each zone; columns in the order of Template and
# Zone; written out, because every order asks.
_TEMPLATES = Prepared(
    "freight_templates",
    """
WITH own AS (
    SELECT freight.template_id, array_agg(sku.id) AS sku_ids FROM catalog_sku sku
    JOIN freight_productfreight freight ON freight.product_id = sku.product_id
    WHERE sku.id = ANY(%s::bigint[]) GROUP BY freight.template_id
)
SELECT template.id, template.is_default, own.sku_ids, template.name, template.free_from_fen,
    template.volumetric_divisor, template.billed_by, zone.name, zone.regions::text, zone.delivers, zone.first_size,
    zone.first_fen, zone.step_size, zone.step_fen, zone.free_shipping, zone.cheaper_from_fen, zone.cheaper_fen
FROM freight_freighttemplate template JOIN freight_freightzone zone ON zone.template_id = template.id
LEFT JOIN own ON own.template_id = template.id
WHERE template.is_default OR own.template_id IS NOT NULL ORDER BY template.id, zone.id
""",
)


class _Known(NamedTuple):
    """The default template, and whether any product has one of its own."""

    default: Templates
    some_own: bool


def quote_freight(*, region_code: str, goods: Mapping[int, Goods], binding: bool = False) -> Freight:
    """Freight of goods by SKU id, each by the template of its product or the default one, added up. Without any they
    are sent free.

    The default template is kept for a few seconds; a `binding` quote, which an order pays, reads it anew.
    Raises NotDeliverable for a region that one of the templates does not serve.
    """
    templates = _asked(goods) if binding or KNOWN.value().some_own else KNOWN.value().default
    known = KNOWN.peek()
    if known and known.default.default != templates.default:
        # Who is told that the price has changed asks for it next.
        KNOWN.forget()
    return quote_all(templates, regions=lineage(region_code), goods=goods)


def ask_templates(*, sku_ids: Iterable[int]) -> Question:
    """What a `quote_freight` reads that is binding, or where `some_have_own`."""
    return Question(_TEMPLATES, [sorted(sku_ids)])


def some_have_own() -> bool:
    """As it was seconds ago."""
    return KNOWN.value().some_own


def _asked(sku_ids: Iterable[int]) -> Templates:
    default: Template | None = None
    found: dict[int, Template] = {}
    own: dict[int, int] = {}
    zones: dict[int, list[Zone]] = {}
    rows = ask_templates(sku_ids=sku_ids).run()
    for row in rows:
        zones.setdefault(row[0], []).append(Zone(row[7], frozenset(orjson.loads(row[8])), *row[9:]))
    for template_id, is_default, theirs, name, free_from_fen, divisor, billed_by, *_zone in rows:
        if template_id in found:
            continue
        template = Template(name, free_from_fen, divisor, tuple(zones[template_id]), billed_by)
        own |= dict.fromkeys(theirs or (), len(found))
        found[template_id] = template
        default = template if is_default else default
    return Templates(default, tuple(found.values()), own)


def _known() -> _Known:
    return _Known(_asked(()), ProductFreight.objects.exists())


KNOWN = Kept(_known)
