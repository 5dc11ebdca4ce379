"""Choosing a carrier for a parcel and writing down why."""

from dataclasses import asdict
from datetime import datetime

from logistics.carriers.engine import Parcel
from logistics.carriers.models import CarrierChoice
from logistics.carriers.queries import offers_for


def choose_carrier(*, reference: str, parcel: Parcel, now: datetime) -> CarrierChoice | None:
    """Choose for the parcel `reference` and record the choice with its alternatives; runs inside the caller's
    transaction. None when no active carrier takes such a parcel there."""
    offers = offers_for(parcel)
    if not offers or offers[0].rejected:
        return None
    chosen = offers[0]
    return CarrierChoice.objects.create(
        reference=reference,
        carrier_id=chosen.carrier_id,
        cost_fen=chosen.cost_fen,
        eta_hours=chosen.eta_hours,
        billed_weight_g=chosen.billed_weight_g,
        candidates=[asdict(offer) for offer in offers],
        created_at=now,
    )
