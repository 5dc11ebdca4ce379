"""Tracking numbers that were corrected after the parcel had left."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.shipments.models import Shipment, TrackingCorrection
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_correction(row: TrackingCorrection, known: Any) -> Deed:
    return Deed(
        at=row.corrected_at,
        actor=actor_in_words(row.actor),
        what=_("Corrected the tracking number"),
        object=row.shipment.number,
        link=address_of(Shipment, row.shipment_id),
        before=f"{row.wrong_carrier or ''} {row.wrong_number}".strip(),
        after=f"{row.carrier} {row.tracking_number}",
    )


TRAILS = (
    Trail(
        name="tracking",
        label=_("Corrections of tracking numbers"),
        permission="shipments.view_shipment",
        rows=lambda: TrackingCorrection.objects.select_related("shipment", "wrong_carrier", "carrier"),
        at="corrected_at",
        by="actor",
        number="shipment__number",
        present=_of_correction,
    ),
)
