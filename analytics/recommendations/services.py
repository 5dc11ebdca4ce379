"""The nightly build, and what members choose."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from analytics.buyers.purchases import PURCHASES
from analytics.recommendations.models import Build, PersonalChoice
from analytics.recommendations.preferences import DAYS, IS_ON, NEIGHBOURS
from analytics.recommendations.similarity import Floats, Ints, neighbours, weighed
from shop.core import clock
from shop.core.transactions import use_case

CHUNK = 50_000
_CURSOR = "recommendations_bought"
# Who refused is left out of what others are recommended as well.
_BOUGHT = f"""
DECLARE {_CURSOR} NO SCROLL CURSOR FOR
SELECT member_id, line.product_id, count(*) FROM ({PURCHASES}) AS purchase
JOIN checkout_orderline line USING (order_id)
WHERE paid_at >= %s AND NOT line.is_gift AND line.quantity > line.units_returned
    AND NOT EXISTS (SELECT FROM recommendations_personalchoice refused
        WHERE refused.member_id = purchase.member_id AND NOT refused.is_personal)
GROUP BY member_id, line.product_id
"""
_WRITE = """
INSERT INTO recommendations_neighbour (product_id, other_id, score)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::float8[])
"""


@use_case
def build(*, now: datetime) -> Build | None:
    """Work out anew what is bought together; readers have the old rows until it commits. None while it is off."""
    if not IS_ON.value():
        return None
    with connection.cursor() as cursor:
        # Two nights at once: one after the other.
        cursor.execute("LOCK TABLE recommendations_neighbour IN SHARE ROW EXCLUSIVE MODE")
        people, products, times = _bought(since=now - timedelta(days=DAYS.value()))
        members, who = np.unique(people, return_inverse=True)
        known, what = np.unique(products, return_inverse=True)
        cursor.execute("DELETE FROM recommendations_neighbour")
        pairs = 0
        if len(known) > 1:
            rows = weighed(who, what, times, shape=(len(members), len(known)))
            for items, others, scores in neighbours(rows, most=NEIGHBOURS.value()):
                cursor.execute(_WRITE, [known[items].tolist(), known[others].tolist(), scores.astype(float).tolist()])
                pairs += len(items)
    return Build.objects.create(
        started_at=now, finished_at=clock.now(), members=len(members), products=len(known), pairs=pairs
    )


def _bought(*, since: datetime) -> tuple[Ints, Ints, Floats]:
    """Member, product and how often, read in chunks by a cursor of the server."""
    chunks: list[Ints] = [np.empty((0, 3), dtype=np.int64)]
    with connection.cursor() as cursor:
        cursor.execute(_BOUGHT, [since])
        while True:
            cursor.execute(f"FETCH {CHUNK} FROM {_CURSOR}")
            rows = cursor.fetchall()
            if not rows:
                break
            chunks.append(np.array(rows, dtype=np.int64))
        cursor.execute(f"CLOSE {_CURSOR}")
    found = np.concatenate(chunks)
    return found[:, 0], found[:, 1], found[:, 2].astype(np.float32)


@use_case
def choose(*, member_id: int, is_personal: bool, now: datetime) -> PersonalChoice:
    """Acts at once on what the member is shown, and from the next night on what others are."""
    values = {"is_personal": is_personal, "chosen_at": now}
    return PersonalChoice.objects.update_or_create(member_id=member_id, defaults=values)[0]


def forget_builds(*, keep: int = 90) -> int:
    """The rows that tell of old nights."""
    old: Iterable[int] = Build.objects.order_by("-pk").values_list("pk", flat=True)[keep:]
    return Build.objects.filter(pk__in=list(old)).delete()[0]
