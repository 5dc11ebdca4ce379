"""What WeChat knows of how the goods of a payment travel; until it knows, the money stays frozen.

Always: one row for each payment by WeChat whose goods have begun to travel; at most one call about it is under way; a
parcel that WeChat has taken is in `sent`. A call whose answer was lost is made again: WeChat says that nothing changed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from logistics.carriers.models import Carrier
from orders.payments.models import Payment


class UploadStatus(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("told to WeChat", "To be sent")
    PARTLY = "partly", pgettext_lazy("told to WeChat", "Sent in part, more parcels to come")
    DONE = "done", pgettext_lazy("told to WeChat", "Sent")
    REFUSED = "refused", pgettext_lazy("told to WeChat", "Refused")
    NOT_NEEDED = "not_needed", pgettext_lazy("told to WeChat", "Not needed: refunded")


OPEN = (UploadStatus.WAITING, UploadStatus.PARTLY)


class ShippingUpload(models.Model):
    """`sent` are the parcels that WeChat has taken: `[{carrier, tracking_number}]`, as it knows them.

    `due_at` is when it is tried next, empty while there is nothing to tell; `leased_until` while a call is under way.
    `corrects` tells that what was finished shall be told anew, which WeChat takes once.
    """

    payment = models.OneToOneField(
        Payment, models.PROTECT, related_name="shipping_upload", verbose_name=_("payment"), primary_key=True
    )
    status = models.CharField(_("status"), max_length=10, choices=UploadStatus, default=UploadStatus.WAITING)
    sent = models.JSONField(_("parcels sent"), default=list, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    code = models.CharField(_("WeChat's answer"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    corrects = models.BooleanField(_("to be corrected"), default=False)
    created_at = models.DateTimeField(_("created at"))
    due_at = models.DateTimeField(_("next try"), null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("last sent at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    corrected_at = models.DateTimeField(_("corrected at"), null=True, blank=True)

    class Meta:
        verbose_name = _("shipping told to WeChat")
        verbose_name_plural = _("shippings told to WeChat")
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False),
                name="shipping_upload_finished_once",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="shipping_upload_due"),
            models.Index(
                fields=["leased_until"], condition=Q(leased_until__isnull=False), name="shipping_upload_leased"
            ),
            models.Index(fields=["status", "-created_at"], name="shipping_upload_by_status"),
        ]

    def __str__(self) -> str:
        return self.payment.order.number


class CarrierCode(models.Model):
    """By which code WeChat knows a carrier, where it is not one of `codes.KNOWN`."""

    carrier = models.OneToOneField(
        Carrier, models.CASCADE, related_name="wechat_code", verbose_name=_("carrier"), primary_key=True
    )
    code = models.CharField(_("WeChat's code"), max_length=40)

    class Meta:
        verbose_name = _("WeChat's code of a carrier")
        verbose_name_plural = _("WeChat's codes of carriers")

    def __str__(self) -> str:
        return f"{self.carrier}: {self.code}"
