"""Choosing a carrier for a parcel and writing down why."""

from dataclasses import asdict
from datetime import datetime

from psycopg2.extras import Json

from logistics.carriers.engine import Parcel
from logistics.carriers.models import CarrierChoice
from logistics.carriers.queries import offers_for
from shop.core.prepared import Prepared

# Written out, because every parcel passes here.
_WRITE = Prepared(
    "write_carrier_choice",
    """
INSERT INTO carriers_carrierchoice (reference, carrier_id, cost_fen, eta_hours, billed_weight_g, candidates, created_at)
VALUES (%(reference)s, %(carrier_id)s, %(cost_fen)s, %(eta_hours)s, %(billed_weight_g)s, %(candidates)s, %(created_at)s)
RETURNING id
""",
)


def choose_carrier(*, reference: str, parcel: Parcel, now: datetime) -> CarrierChoice | None:
    """Choose for the parcel `reference` and record the choice with its alternatives; runs inside the caller's
    transaction. None when no active carrier takes such a parcel there."""
    offers = offers_for(parcel)
    if not offers or offers[0].rejected:
        return None
    chosen = offers[0]
    choice = CarrierChoice(
        reference=reference,
        carrier_id=chosen.carrier_id,
        cost_fen=chosen.cost_fen,
        eta_hours=chosen.eta_hours,
        billed_weight_g=chosen.billed_weight_g,
        candidates=[asdict(offer) for offer in offers],
        created_at=now,
    )
    [(choice.pk,)] = _WRITE.run({**vars(choice), "candidates": Json(choice.candidates)})
    return choice
