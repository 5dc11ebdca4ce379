"""Redemption codes, made in batches, handed to the merchant once and kept as hashes."""

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.coupons.models.templates import CouponTemplate

MOST_CODES = 1_000_000


class BatchStatus(models.TextChoices):
    NEW = "new", _("Not exported")
    EXPORTING = "exporting", _("Being exported")
    LIVE = "live", _("Live")
    VOID = "void", _("Void")


TRANSITIONS: Mapping[str, frozenset[str]] = {
    BatchStatus.NEW: frozenset({BatchStatus.EXPORTING, BatchStatus.VOID}),
    BatchStatus.EXPORTING: frozenset({BatchStatus.LIVE, BatchStatus.VOID}),
    BatchStatus.LIVE: frozenset({BatchStatus.VOID}),
    BatchStatus.VOID: frozenset(),
}


class CodeBatch(models.Model):
    """The codes of a batch come into being while their one file is written; without the whole file none is good."""

    template = models.ForeignKey(
        CouponTemplate, models.PROTECT, related_name="code_batches", verbose_name=_("template")
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("Where the codes go, for example a partner."))
    quantity = models.PositiveIntegerField(_("codes"))
    redeemed_count = models.PositiveIntegerField(_("redeemed"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=BatchStatus, default=BatchStatus.NEW)
    expires_at = models.DateTimeField(
        _("codes are good until"), null=True, blank=True, help_text=_("Blank: as long as the template is running.")
    )
    created_by = models.CharField(_("created by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))
    exported_by = models.CharField(_("exported by"), max_length=80, blank=True)
    exported_at = models.DateTimeField(_("exported at"), null=True, blank=True)
    voided_by = models.CharField(_("made void by"), max_length=80, blank=True)
    void_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("code batch")
        verbose_name_plural = _("code batches")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=MOST_CODES), name="code_batch_has_codes"),
            models.CheckConstraint(condition=Q(redeemed_count__lte=F("quantity")), name="code_batch_redeemed"),
            models.CheckConstraint(condition=Q(status="void") ^ Q(void_reason=""), name="code_batch_void_has_reason"),
        ]

    def __str__(self) -> str:
        return self.name


class Code(models.Model):
    batch = models.ForeignKey(CodeBatch, models.CASCADE, related_name="codes", verbose_name=_("batch"))
    code_hash = models.BinaryField(max_length=32, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("redeemed by"), db_index=False
    )
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True)

    class Meta:
        verbose_name = _("redemption code")
        verbose_name_plural = _("redemption codes")
        constraints = [
            models.CheckConstraint(
                condition=Q(member__isnull=True, redeemed_at__isnull=True)
                | Q(member__isnull=False, redeemed_at__isnull=False),
                name="code_redeemed_by_somebody",
            )
        ]
        indexes = [models.Index(fields=["member"], condition=Q(member__isnull=False), name="code_of_member")]

    def __str__(self) -> str:
        return f"{self.batch_id} · {self.pk}"


class CodeTry(models.Model):
    """A try to redeem a code, counted before it is known whether it is good; what turns out good is not held against
    anybody. Counted here, not in Redis, so that losing Redis opens nothing.
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"), db_index=False)
    address = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=64, blank=True)
    tried_at = models.DateTimeField()

    class Meta:
        verbose_name = _("try to redeem a code")
        verbose_name_plural = _("tries to redeem a code")
        indexes = [
            models.Index(fields=["member", "tried_at"], name="code_try_member"),
            models.Index(fields=["address", "tried_at"], condition=Q(address__isnull=False), name="code_try_address"),
            models.Index(fields=["device", "tried_at"], condition=~Q(device=""), name="code_try_device"),
            models.Index(fields=["tried_at"], name="code_try_age"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.tried_at}"
