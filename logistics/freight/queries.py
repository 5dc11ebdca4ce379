"""The freight that a buyer is quoted."""

from logistics.freight.engine import FreightQuote, Template, Zone, quote
from logistics.freight.models import FreightZone

_TEMPLATE = ("template__name", "template__free_from_fen", "template__volumetric_divisor")
_ZONE = ("name", "provinces", "delivers", "first_weight_g", "first_fen", "step_weight_g", "step_fen", "free_shipping")


def quote_freight(*, province_code: str, weight_g: int, volume_cm3: int, goods_fen: int) -> FreightQuote:
    """Freight by the default template, in one query. A shop without one ships free everywhere.

    Raises NotDeliverable for a province that the template does not serve.
    """
    template = default_template()
    if template is None:
        return FreightQuote(0, "")
    return quote(template, province_code=province_code, weight_g=weight_g, volume_cm3=volume_cm3, goods_fen=goods_fen)


def default_template() -> Template | None:
    rows = list(FreightZone.objects.filter(template__is_default=True).order_by("pk").values_list(*_TEMPLATE, *_ZONE))
    if not rows:
        return None
    name, free_from_fen, divisor = rows[0][:3]
    return Template(name, free_from_fen, divisor, tuple(Zone(row[3], frozenset(row[4]), *row[5:]) for row in rows))
