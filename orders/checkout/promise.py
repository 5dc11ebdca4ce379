"""When an offer would reach its recipient."""

from datetime import datetime

from logistics.shipments.promise import promise
from orders.checkout.offers import Offer


def promised_at(*, offer: Offer, now: datetime) -> datetime | None:
    """None while the address is unknown, or where nobody can promise anything."""
    to = offer.recipient
    if to is None:
        return None
    return promise(
        items={line.sku.sku_id: line.quantity for line in offer.lines},
        weight_g=sum([line.sku.weight_g * line.quantity for line in offer.lines]),
        volume_cm3=sum([line.sku.volume_cm3 * line.quantity for line in offer.lines]),
        value_fen=sum([line.sku.price_fen * line.quantity for line in offer.lines]),
        categories=frozenset([line.sku.category_id for line in offer.lines]),
        region_code=to.region_code,
        longitude=to.longitude,
        latitude=to.latitude,
        now=now,
    )
