"""The nightly build, and what members choose."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from analytics.buyers.purchases import PURCHASES
from analytics.events.names import VIEWS
from analytics.recommendations.models import Build, PersonalChoice
from analytics.recommendations.preferences import DAYS, IS_ON, NEIGHBOURS, VIEW_DAYS, VIEW_PERCENT
from analytics.recommendations.similarity import Ints, beside, neighbours, weighed
from shop.core import clock
from shop.core.transactions import use_case

CHUNK = 50_000
MOST_VIEWS = 3
_CURSOR = "recommendations_liked"
# How often it was bought, and how often somebody was interested: bought it, looked at it, put it into the cart or kept
# it. Who refused is left out of what others are recommended as well.
_LIKED = f"""
DECLARE {_CURSOR} NO SCROLL CURSOR FOR
SELECT member_id, product_id, sum(bought), sum(seen) FROM (
    SELECT member_id, line.product_id, count(*) AS bought, count(*) AS seen FROM ({PURCHASES}) AS purchase
    JOIN checkout_orderline line USING (order_id)
    WHERE paid_at >= %(bought_since)s AND NOT line.is_gift AND line.quantity > line.units_returned
    GROUP BY member_id, line.product_id
    UNION ALL
    SELECT member_id, product_id, 0, least(count(*), {MOST_VIEWS}) FROM events_event
    WHERE at >= %(viewed_since)s AND at <= %(now)s AND %(with_views)s AND name = ANY(%(names)s) AND NOT is_bot
        AND member_id IS NOT NULL AND product_id IN (SELECT id FROM catalog_product)
    GROUP BY member_id, product_id
) AS liked
WHERE NOT EXISTS (SELECT FROM recommendations_personalchoice refused
        WHERE refused.member_id = liked.member_id AND NOT refused.is_personal)
    AND NOT EXISTS (SELECT FROM events_trackingrefusal refused WHERE refused.member_id = liked.member_id)
GROUP BY member_id, product_id
"""
_WRITE = """
INSERT INTO recommendations_neighbour (product_id, other_id, score)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::float8[])
"""


@use_case
def build(*, now: datetime) -> Build | None:
    """Work out anew what goes together; readers have the old rows until it commits. None while it is off."""
    if not IS_ON.value():
        return None
    with connection.cursor() as cursor:
        # Two nights at once: one after the other.
        cursor.execute("LOCK TABLE recommendations_neighbour IN SHARE ROW EXCLUSIVE MODE")
        liked = _liked(now=now)
        members, who = np.unique(liked[:, 0], return_inverse=True)
        known, what = np.unique(liked[:, 1], return_inverse=True)
        cursor.execute("DELETE FROM recommendations_neighbour")
        pairs = 0
        if len(known) > 1:
            shape, times = (len(members), len(known)), liked[:, 2:].astype(np.float32)
            bought = weighed(who, what, times[:, 0], shape=shape)
            rows = beside(bought, weighed(who, what, times[:, 1], shape=shape), share=VIEW_PERCENT.value() / 100)
            for items, others, scores in neighbours(rows, most=NEIGHBOURS.value()):
                cursor.execute(_WRITE, [known[items].tolist(), known[others].tolist(), scores.astype(float).tolist()])
                pairs += len(items)
    return Build.objects.create(
        started_at=now, finished_at=clock.now(), members=len(members), products=len(known), pairs=pairs
    )


def _liked(*, now: datetime) -> Ints:
    """Rows of member, product, how often bought and how often seen, read in chunks by a cursor of the server."""
    asked: dict[str, Any] = {
        "now": now,
        "bought_since": now - timedelta(days=DAYS.value()),
        "viewed_since": now - timedelta(days=VIEW_DAYS.value()),
        "with_views": VIEW_PERCENT.value() > 0,
        "names": list(VIEWS),
    }
    chunks: list[Ints] = [np.empty((0, 4), dtype=np.int64)]
    with connection.cursor() as cursor:
        cursor.execute(_LIKED, asked)
        while True:
            cursor.execute(f"FETCH {CHUNK} FROM {_CURSOR}")
            rows = cursor.fetchall()
            if not rows:
                break
            chunks.append(np.array(rows, dtype=np.int64))
        cursor.execute(f"CLOSE {_CURSOR}")
    return np.concatenate(chunks)


@use_case
def choose(*, member_id: int, is_personal: bool, now: datetime) -> PersonalChoice:
    """Acts at once on what the member is shown, and from the next night on what others are."""
    values = {"is_personal": is_personal, "chosen_at": now}
    return PersonalChoice.objects.update_or_create(member_id=member_id, defaults=values)[0]


def forget_builds(*, keep: int = 90) -> int:
    """The rows that tell of old nights."""
    old: Iterable[int] = Build.objects.order_by("-pk").values_list("pk", flat=True)[keep:]
    return Build.objects.filter(pk__in=list(old)).delete()[0]
