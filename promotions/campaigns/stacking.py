"""With what a campaign does not combine, whatever the matrix of all promotions says."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from promotions.pricing.model import Mechanism

MECHANISMS = (
    (Mechanism.ACTIVITY.value, _("Activity price")),
    (Mechanism.MEMBER_PRICE.value, _("Member price")),
    (Mechanism.TIMED_DISCOUNT.value, _("Timed discount")),
    (Mechanism.SPEND_OFFER.value, _("Spend offer")),
    (Mechanism.COUPON.value, _("Coupon")),
    (Mechanism.SHIPPING_COUPON.value, _("Shipping coupon")),
    (Mechanism.POINTS.value, _("Points")),
)


class StackingFields(models.Model):
    refuses = ArrayField(
        models.CharField(max_length=20, choices=MECHANISMS),
        verbose_name=_("not together with"),
        default=list,
        blank=True,
    )

    class Meta:
        abstract = True

    @property
    def refused_mechanisms(self) -> frozenset[Mechanism]:
        return frozenset(Mechanism(each) for each in self.refuses)
