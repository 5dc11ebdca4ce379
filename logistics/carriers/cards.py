"""Versions of rate cards: each change of a carrier's rates is kept as it stands from then on."""

from datetime import datetime

from logistics.carriers.models import Carrier, CarrierRate, RateCard
from shop.core.actors import Actor

KEPT = (
    "origin_province",
    "destination_province",
    "first_weight_g",
    "first_fen",
    "step_weight_g",
    "step_fen",
    "max_weight_g",
    "surcharge_fen",
    "eta_hours",
)


def keep_card(*, carrier_id: int, actor: Actor, now: datetime) -> RateCard | None:
    """The next version, when what the carrier bills is not what the last one says, None when it is; inside the caller's
    transaction."""
    carrier = Carrier.objects.select_for_update(no_key=True).get(pk=carrier_id)
    rows = CarrierRate.objects.filter(carrier=carrier).order_by("origin_province", "destination_province")
    says = {
        "volumetric_divisor": carrier.volumetric_divisor,
        "max_value_fen": carrier.max_value_fen,
        "pick_up_at": f"{carrier.pick_up_at:%H:%M}" if carrier.pick_up_at else None,
        "rates": list(rows.values(*KEPT)),
    }
    last = carrier.cards.order_by("-version").first()
    # What was not asked yet when a card was kept was not so.
    if last is not None and {**dict.fromkeys(says), **last.rates} == says:
        return None
    version = 1 if last is None else last.version + 1
    return RateCard.objects.create(carrier=carrier, version=version, rates=says, made_by=str(actor)[:80], made_at=now)
