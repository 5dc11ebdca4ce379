"""Choosing a carrier for a parcel and writing down why."""

from dataclasses import asdict
from datetime import datetime

from django.db.models import F

from logistics.carriers.engine import ANYWHERE, Parcel, Rate, choose
from logistics.carriers.models import CarrierChoice, CarrierRate


def choose_carrier(*, reference: str, parcel: Parcel, now: datetime) -> CarrierChoice | None:
    """Choose for the parcel `reference` and record the choice with its alternatives; runs inside the caller's
    transaction. None when no active carrier takes such a parcel there."""
    offers = choose(parcel, _rates(parcel))
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


def _rates(parcel: Parcel) -> list[Rate]:
    rows = CarrierRate.objects.filter(
        carrier__is_active=True,
        origin_province__in=[parcel.origin_province, ANYWHERE],
        destination_province__in=[parcel.destination_province, ANYWHERE],
    ).values(
        "carrier_id",
        "origin_province",
        "destination_province",
        "first_weight_g",
        "first_fen",
        "step_weight_g",
        "step_fen",
        "max_weight_g",
        "eta_hours",
        carrier_code=F("carrier__code"),
        volumetric_divisor=F("carrier__volumetric_divisor"),
    )
    return [Rate(**row) for row in rows]
