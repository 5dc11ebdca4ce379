"""What is asked of carriers for a parcel, and when it would be delivered; the same for a promise and for a choice."""

from datetime import datetime, time, timedelta

from logistics.allocation.policies import live_terms
from logistics.carriers.engine import Parcel, minute_of_day, province_of
from logistics.network.picking import picking_begins


def ready_at(*, pick_cut_off: time | None, handling_hours: int, now: datetime) -> datetime:
    """When what is allocated now can be handed to its carrier."""
    return picking_begins(pick_cut_off, now) + timedelta(hours=handling_hours)


def asked_of_carriers(
    *,
    origin: str,
    destination: str,
    weight_g: int,
    volume_cm3: int,
    value_fen: int,
    ready: datetime,
    now: datetime,
    promised: datetime | None = None,
) -> Parcel:
    """`origin` is any region, `promised` when the member was told that it comes. What lateness and a kept promise are
    worth is as in allocation, so that a parcel goes with the carrier by which its warehouse was chosen."""
    terms = live_terms()
    return Parcel(
        province_of(origin),
        destination,
        weight_g,
        volume_cm3,
        within_hours=None if promised is None else (promised - ready) / timedelta(hours=1),
        promise_worth_fen=terms.promise_worth_fen,
        value_fen=value_fen,
        ready_minute=minute_of_day(ready),
        late_after_hours=terms.promise_hours - (ready - now) / timedelta(hours=1),
        late_hour_fen=terms.late_hour_fen,
    )


def delivered_at(ready: datetime, *, waits_minutes: int, eta_hours: int) -> datetime:
    return ready + timedelta(minutes=waits_minutes, hours=eta_hours)
