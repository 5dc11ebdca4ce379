"""What services need: a room, a table, somebody's time, in slots that hold so many people each."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from shop.core.clock import SHANGHAI


class Resource(models.Model):
    """`store_code` names the one store where it is; blank where a voucher is good in all of them."""

    name = models.CharField(_("name"), max_length=80)
    store_code = models.CharField(
        _("store code"),
        max_length=40,
        blank=True,
        help_text=_("Vouchers are verified in this store only. Blank: in every store."),
    )
    note = models.CharField(_("note for members"), max_length=200, blank=True)
    is_active = models.BooleanField(_("can be booked"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("bookable resource")
        verbose_name_plural = _("bookable resources")

    def __str__(self) -> str:
        return self.name


class Slot(models.Model):
    """From `starts_at` to before `ends_at` so many may come. What is closed takes nobody new."""

    resource = models.ForeignKey(
        Resource, models.PROTECT, related_name="slots", verbose_name=_("bookable resource"), db_index=False
    )
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), help_text=_("The first moment without it."))
    capacity = models.PositiveIntegerField(_("places"), default=1, validators=[MinValueValidator(1)])
    booked = models.PositiveIntegerField(_("places taken"), default=0, editable=False)
    is_closed = models.BooleanField(_("closed"), default=False)
    history = HistoricalRecords(excluded_fields=["booked"])

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        constraints = [
            models.UniqueConstraint(fields=["resource", "starts_at"], name="mall_slot_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="mall_slot_window",
                violation_error_message=_("A slot ends after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(booked__lte=F("capacity")),
                name="mall_slot_in_capacity",
                violation_error_message=_("More places than that are taken already."),
            ),
        ]

    def __str__(self) -> str:
        start, end = self.starts_at.astimezone(SHANGHAI), self.ends_at.astimezone(SHANGHAI)
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"

    @property
    def left(self) -> int:
        return 0 if self.is_closed else self.capacity - self.booked
