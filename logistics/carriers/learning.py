"""Learning from parcels whose promise has come due: each day once, whoever asks again."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from django.db import transaction

from logistics.carriers.models import LaneTally, QualityDay
from logistics.carriers.quality import Lane, Tally
from logistics.carriers.queries import QUALITY
from shop.core.transactions import use_case

# By carrier id and lane: parcels that were delivered in time, and parcels that were due.
Outcomes = Mapping[tuple[int, Lane], tuple[int, int]]
# Likewise: hours in which half of the parcels arrived, and in which nine of ten did.
TransitTimes = Mapping[tuple[int, Lane], tuple[int, int]]


def last_learned() -> date | None:
    return QualityDay.objects.order_by("-day").values_list("day", flat=True).first()


@use_case
def learn(*, day: date, outcomes: Outcomes) -> bool:
    """Add a day's outcomes to what is known; False when it had been learned before."""
    # The row without a carrier is the day itself: whoever inserts it learns it.
    _row, first = QualityDay.objects.get_or_create(
        day=day,
        carrier=None,
        defaults={
            "on_time": sum(kept for kept, _due in outcomes.values()),
            "due": sum(due for _kept, due in outcomes.values()),
        },
    )
    if not first:
        return False
    by_carrier: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for (carrier_id, _lane), (kept, due) in outcomes.items():
        by_carrier[carrier_id][0] += kept
        by_carrier[carrier_id][1] += due
    QualityDay.objects.bulk_create(
        QualityDay(day=day, carrier_id=carrier_id, on_time=kept, due=due)
        for carrier_id, (kept, due) in sorted(by_carrier.items())
    )
    _add(day, outcomes)
    transaction.on_commit(QUALITY.forget)
    return True


@use_case
def keep_transit_times(*, times: TransitTimes) -> None:
    """Write down how long parcels took, on lanes of which something was learned."""
    rows = list(LaneTally.objects.filter(carrier__in={carrier_id for carrier_id, _lane in times}).order_by("pk"))
    for row in rows:
        lane = row.origin_province, row.destination_province
        row.p50_hours, row.p90_hours = times.get((row.carrier_id, lane), (None, None))
    LaneTally.objects.bulk_update(rows, ["p50_hours", "p90_hours"], batch_size=1000)


def _add(day: date, outcomes: Outcomes) -> None:
    known = {
        (row.carrier_id, (row.origin_province, row.destination_province)): row
        for row in LaneTally.objects.filter(carrier__in={carrier_id for carrier_id, _lane in outcomes})
    }
    rows = []
    for (carrier_id, lane), (kept, due) in sorted(outcomes.items()):
        row = known.get((carrier_id, lane))
        before = Tally() if row is None else Tally(row.on_time, row.due).faded((day - row.as_of).days)
        now = before.plus(Tally(kept, due))
        rows.append(
            LaneTally(
                carrier_id=carrier_id,
                origin_province=lane[0],
                destination_province=lane[1],
                on_time=now.on_time,
                due=now.due,
                as_of=day,
            )
        )
    LaneTally.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["carrier", "origin_province", "destination_province"],
        update_fields=["on_time", "due", "as_of"],
    )
