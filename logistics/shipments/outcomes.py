"""What became of carriers' promises: parcels by the day on which they were due at their member's door."""

from datetime import date, timedelta

from django.db import connection

from logistics.carriers.learning import Outcomes, last_learned, learn
from shop.core import clock

# News of a delivery may come late, and what is not delivered by then is late.
MATURE_AFTER = timedelta(days=2)
CATCHES_UP = timedelta(days=14)
LONGEST = timedelta(days=30)
_DUE = """
SELECT shipment.carrier_id, left(warehouse.region_id, 2) || '0000', shipment.recipient->>'province_code',
    count(*) FILTER (WHERE shipment.delivered_at <= shipment.shipped_at + choice.eta_hours * interval '1 hour'),
    count(*)
FROM shipments_shipment shipment
JOIN carriers_carrierchoice choice ON choice.reference = shipment.number AND choice.carrier_id = shipment.carrier_id
JOIN network_warehouse warehouse ON warehouse.id = shipment.warehouse_id
WHERE shipment.shipped_at >= %(since)s AND shipment.recipient->>'province_code' IS NOT NULL
    AND shipment.shipped_at + choice.eta_hours * interval '1 hour' >= %(start)s
    AND shipment.shipped_at + choice.eta_hours * interval '1 hour' < %(end)s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def due_on(day: date) -> Outcomes:
    """Parcels in time and parcels due, of every carrier and lane; the clock runs from when the carrier took them."""
    start, end = clock.day_bounds(day)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"since": start - LONGEST, "start": start, "end": end})
        return {
            (carrier_id, (origin, destination)): (kept, due)
            for carrier_id, origin, destination, kept, due in cursor.fetchall()
        }


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
    return {"evaluated": parcels, "late": late}
