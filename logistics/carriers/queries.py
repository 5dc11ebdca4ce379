"""What the carriers would do for a parcel."""

from django.db.models import F

from logistics.carriers.engine import ANYWHERE, Offer, Parcel, Rate, choose
from logistics.carriers.models import CarrierRate


def offers_for(parcel: Parcel) -> list[Offer]:
    """Every active carrier's offer, the one to choose first and the refused ones last; one query."""
    return choose(parcel, _rates(parcel))


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
