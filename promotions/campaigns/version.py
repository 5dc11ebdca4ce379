"""A stamp that is another one after every change of what is published or of how promotions are counted.

A reader takes the stamp before it reads rows and keeps what it read under it: whoever read old rows under an old stamp
reads anew as soon as the change is committed. Random instead of counted: after a restored backup a counter would come
back to values under which processes still keep something else.
"""

import secrets

from promotions.campaigns.models import PromotionVersion
from shop.core.prepared import Prepared

OFF, UNUSED = -1, 0
# As an expression, for statements that read something else as well.
STAMP = f"""coalesce(
    (SELECT CASE WHEN is_on THEN stamp ELSE {OFF} END FROM campaigns_promotionversion WHERE id = 1), {UNUSED})"""
_STAMP = Prepared("campaigns_stamp", f"SELECT {STAMP}")


def current() -> int:
    """One indexed query. `OFF` while all promotions are switched off, `UNUSED` before the first one."""
    [(stamp,)] = _STAMP.run()
    return int(stamp)


def hold() -> None:
    """Inside the transaction that publishes: whoever else does waits here, so that they do not overlook each other.

    After the campaign's own row, as in `bump`.
    """
    PromotionVersion.objects.bulk_create([PromotionVersion(pk=1, stamp=UNUSED)], ignore_conflicts=True)
    PromotionVersion.objects.select_for_update(no_key=True).get(pk=1)


def bump() -> None:
    """Inside the transaction that changes a promotion; changes of promotions wait for each other here."""
    stamp = secrets.randbits(62)
    if not PromotionVersion.objects.filter(pk=1).update(stamp=stamp):
        PromotionVersion.objects.bulk_create([PromotionVersion(pk=1, stamp=stamp)], ignore_conflicts=True)
