"""What the staff of stores verify: goods that members fetch, and whatever else has a code.

Always: a code is verified once, and each verification says by whom, where, when and on what device; goods in a store
are fetched exactly when their verification stands and their order is completed; nobody tries more wrong codes than the
limit.

An order is fetched whole: parts of it that come to the store one after the other wait for each other.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from logistics.network.models import Store
from orders.checkout.models import Order
from shop.core.models import StaffUser


class VerificationKind(models.TextChoices):
    PICKUP = "pickup", _("Order fetched")
    COUPON = "coupon", _("Coupon used")
    SERVICE = "service", _("Service used")


class Pickup(models.Model):
    """An order's goods have come to the store and can be fetched.

    The code is not kept: it follows from the key of the shop, the row and `code_version`; `code_hash` finds it.
    """

    order = models.OneToOneField(Order, models.PROTECT, related_name="pickup", verbose_name=_("order"))
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"))
    code_version = models.PositiveIntegerField(default=1)
    code_hash = models.BinaryField(max_length=32, unique=True)
    ready_at = models.DateTimeField(_("in the store since"))
    fetch_by = models.DateTimeField(_("to be fetched by"))
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    overdue_at = models.DateTimeField(_("overdue since"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("fetched at"), null=True, blank=True)

    class Meta:
        verbose_name = _("pickup")
        verbose_name_plural = _("pickups")
        indexes = [
            models.Index(fields=["fetch_by"], condition=Q(fetched_at=None), name="pickup_waiting"),
            models.Index(fields=["store", "-id"], name="pickup_of_store"),
        ]

    def __str__(self) -> str:
        return str(self.order)


class StoreAssignment(models.Model):
    """Somebody of the staff works in a store, and verifies what belongs to it."""

    staff = models.ForeignKey(
        StaffUser, models.CASCADE, related_name="store_assignments", verbose_name=_("staff account")
    )
    store = models.ForeignKey(Store, models.CASCADE, related_name="assignments", verbose_name=_("store"))

    class Meta:
        verbose_name = _("staff of a store")
        verbose_name_plural = _("staff of stores")
        constraints = [models.UniqueConstraint(fields=["staff", "store"], name="store_assignment_once")]

    def __str__(self) -> str:
        return f"{self.staff} · {self.store}"


class Verification(models.Model):
    """Append-only: a code was verified. `reference` is the number of what it stood for; only an undoing is added."""

    kind = models.CharField(_("kind"), max_length=10, choices=VerificationKind)
    reference = models.CharField(_("number"), max_length=40)
    code_hash = models.BinaryField(max_length=32)
    title = models.CharField(_("what"), max_length=200)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"), db_index=False)
    # The name stays when the account goes.
    staff = models.ForeignKey(
        StaffUser, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("staff account")
    )
    staff_name = models.CharField(_("verified by"), max_length=150)
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    user_agent = models.CharField(_("device"), max_length=200, blank=True)
    bill_fen = models.PositiveBigIntegerField(_("bill (fen)"), null=True, blank=True)
    off_fen = models.PositiveBigIntegerField(_("taken off (fen)"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    verified_at = models.DateTimeField(_("verified at"))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=150, blank=True)
    undo_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        permissions = [
            ("verify_verification", _("Verify in a store")),
            ("everywhere_verification", _("Verify in all stores")),
            ("undo_verification", _("Undo verifications")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "reference"], condition=Q(undone_at=None), name="verification_once"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by="", undo_reason="")
                | Q(undone_at__isnull=False) & ~Q(undone_by="") & ~Q(undo_reason=""),
                name="verification_undone_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-verified_at", "-id"], name="verification_of_store"),
            models.Index(fields=["code_hash"], condition=Q(undone_at=None), name="verification_by_code"),
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="as_written", exclude=["staff", "undone_at", "undone_by", "undo_reason"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"


class CodeTries(models.Model):
    """Wrong codes of somebody, or from somewhere, in the present window; see `orders.verification.attempts`."""

    who = models.CharField(_("staff account or address"), max_length=80, unique=True)
    tries = models.PositiveIntegerField(_("wrong codes"))
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("wrong codes")
        verbose_name_plural = _("wrong codes")

    def __str__(self) -> str:
        return self.who
