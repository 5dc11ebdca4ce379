"""What became of carriers' promises: parcels by the day on which they were due at their member's door."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from logistics.carriers.learning import Outcomes, TransitTimes, keep_transit_times, last_learned, learn
from shop.core import clock

# News of a delivery may come late, and what is not delivered by then is late.
MATURE_AFTER = timedelta(days=2)
CATCHES_UP = timedelta(days=14)
LONGEST = timedelta(days=30)
# News of it follow a pick-up: what is reported so soon after one was taken by it.
SCANNED_WITHIN = "2 hours"
MEASURED = timedelta(days=60)
# Parcels with when their carrier took them: one that comes once a day takes what lies there when it comes.
_TAKEN = """
WITH taken AS (
    SELECT shipment.carrier_id, left(warehouse.region_id, 2) || '0000' AS origin,
        shipment.recipient->>'province_code' AS destination, shipment.delivered_at, choice.eta_hours,
        shipment.shipped_at + CASE
            WHEN wait.until IS NULL THEN interval '0'
            WHEN wait.until BETWEEN -%(scanned)s::interval AND interval '0' THEN interval '0'
            WHEN wait.until < interval '0' THEN wait.until + interval '1 day'
            ELSE wait.until END AS at
    FROM shipments_shipment shipment
    JOIN carriers_carrierchoice choice ON choice.reference = shipment.number
        AND choice.carrier_id = shipment.carrier_id
    JOIN carriers_carrier carrier ON carrier.id = shipment.carrier_id
    JOIN network_warehouse warehouse ON warehouse.id = shipment.warehouse_id
    CROSS JOIN LATERAL (
        SELECT carrier.pick_up_at - (shipment.shipped_at AT TIME ZONE 'Asia/Shanghai')::time AS until
    ) wait
    WHERE shipment.shipped_at >= %(since)s AND shipment.recipient->>'province_code' IS NOT NULL
)
"""
_DUE = f"""
{_TAKEN}
SELECT carrier_id, origin, destination,
    count(*) FILTER (WHERE delivered_at <= at + eta_hours * interval '1 hour'), count(*)
FROM taken
WHERE at + eta_hours * interval '1 hour' >= %(start)s AND at + eta_hours * interval '1 hour' < %(end)s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# Of parcels that were due: what has not arrived takes longest.
_TRANSIT = f"""
{_TAKEN}
SELECT carrier_id, origin, destination, percentile_disc(0.5) WITHIN GROUP (ORDER BY hours),
    percentile_disc(0.9) WITHIN GROUP (ORDER BY hours)
FROM taken CROSS JOIN LATERAL (
    SELECT ceil(extract(epoch FROM coalesce(delivered_at, %(end)s) - at) / 3600)::int AS hours
) lasted
WHERE at + eta_hours * interval '1 hour' < %(end)s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def due_on(day: date) -> Outcomes:
    """Parcels in time and parcels due, of every carrier and lane; the clock runs from when the carrier took them."""
    start, end = clock.day_bounds(day)
    return {
        (carrier_id, (origin, destination)): (kept, due)
        for carrier_id, origin, destination, kept, due in _rows(_DUE, start - LONGEST, end, start)
    }


def transit_until(day: date) -> TransitTimes:
    """Hours in which half of the parcels arrived that were due by then, and in which nine of ten did, by carrier and
    lane."""
    _start, end = clock.day_bounds(day)
    return {
        (carrier_id, (origin, destination)): (half, nine_of_ten)
        for carrier_id, origin, destination, half, nine_of_ten in _rows(_TRANSIT, end - MEASURED, end)
    }


def _rows(statement: str, since: datetime, end: datetime, start: datetime | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": since, "start": start, "end": end, "scanned": SCANNED_WITHIN})
        return cursor.fetchall()


def learn_matured(*, today: date) -> dict[str, int]:
    """Learn from every day that has matured and was not learned from yet."""
    last = today - MATURE_AFTER
    known = last_learned()
    day = last if known is None else max(known + timedelta(days=1), last - CATCHES_UP)
    parcels = late = 0
    while day <= last:
        outcomes = due_on(day)
        if learn(day=day, outcomes=outcomes):
            parcels += sum(due for _kept, due in outcomes.values())
            late += sum(due - kept for kept, due in outcomes.values())
        day += timedelta(days=1)
    keep_transit_times(times=transit_until(last))
    return {"evaluated": parcels, "late": late}
