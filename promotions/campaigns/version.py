"""A number that grows with every change of what is published or how promotions are counted.

A reader takes the number before it reads rows and keeps what it read under it: whoever read old rows under an old
number reads anew as soon as the change is committed.
"""

from django.db.models import F

from promotions.campaigns.models import PromotionVersion
from promotions.campaigns.preferences import PROMOTIONS_ON

OFF = -1


def current() -> int:
    """One indexed query; `OFF` while all promotions are switched off."""
    if not PROMOTIONS_ON.value():
        return OFF
    return PromotionVersion.objects.values_list("number", flat=True).first() or 0


def bump() -> None:
    """Inside the transaction that changes a promotion; changes of promotions wait for each other here."""
    if not PromotionVersion.objects.filter(pk=1).update(number=F("number") + 1):
        PromotionVersion.objects.bulk_create([PromotionVersion(pk=1, number=1)], ignore_conflicts=True)
