"""What members hold."""

from collections.abc import Mapping

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.coupons.models.templates import CouponTemplate


class CouponStatus(models.TextChoices):
    UNUSED = "unused", _("Unused")
    LOCKED = "locked", _("Held by an order")
    USED = "used", _("Used")
    EXPIRED = "expired", _("Expired")
    VOID = "void", _("Void")


# A coupon comes back from an order that is given up, before or after payment; what the clock or the staff ended stays.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    CouponStatus.UNUSED: frozenset({CouponStatus.LOCKED, CouponStatus.USED, CouponStatus.EXPIRED, CouponStatus.VOID}),
    CouponStatus.LOCKED: frozenset({CouponStatus.USED, CouponStatus.UNUSED, CouponStatus.EXPIRED}),
    CouponStatus.USED: frozenset({CouponStatus.UNUSED, CouponStatus.EXPIRED}),
}


class Coupon(models.Model):
    """Valid in the half-open window from `valid_from` to `valid_until`, whatever the sweep has got round to.

    `reference` says what it was given for, so that nothing is given twice. `cost_fen` is what it took off where it was
    used, `revenue_fen` what was paid there. Since `revoked_at` what earned it counts no more: it is void as soon as no
    order has it.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    template = models.ForeignKey(CouponTemplate, models.PROTECT, related_name="coupons", verbose_name=_("template"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="coupons", verbose_name=_("member"), db_index=False)
    way = models.CharField(_("came by"), max_length=12, choices=CouponTemplate.Way)
    reference = models.CharField(_("given for"), max_length=80)
    status = models.CharField(_("status"), max_length=8, choices=CouponStatus, default=CouponStatus.UNUSED)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"))
    claimed_at = models.DateTimeField(_("claimed at"))
    order_number = models.CharField(_("order"), max_length=40, blank=True)
    store_code = models.CharField(_("store"), max_length=40, blank=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    cost_fen = models.PositiveIntegerField(_("taken off (fen)"), default=0)
    revenue_fen = models.PositiveBigIntegerField(_("paid there (fen)"), default=0)
    verified_by = models.CharField(_("verified by"), max_length=80, blank=True)
    returned_from = models.CharField(_("came back from"), max_length=40, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    voided_by = models.CharField(_("made void by"), max_length=80, blank=True)
    void_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.UniqueConstraint(fields=["template", "reference"], name="coupon_given_once"),
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="coupon_window"),
            models.CheckConstraint(
                condition=Q(status="locked", used_at__isnull=True, store_code="") & ~Q(order_number="")
                | Q(status="used", used_at__isnull=False) & (~Q(order_number="") ^ ~Q(store_code=""))
                | Q(status__in=["unused", "expired", "void"], used_at__isnull=True, order_number="", store_code=""),
                name="coupon_status_tells_where",
            ),
            models.CheckConstraint(condition=Q(status="void") ^ Q(void_reason=""), name="coupon_void_has_reason"),
        ]
        triggers = [
            pgtrigger.FSM(
                name="transitions",
                field="status",
                transitions=[
                    (str(source), str(target)) for source in TRANSITIONS for target in sorted(TRANSITIONS[source])
                ],
            )
        ]
        indexes = [
            models.Index(fields=["member", "status", "valid_until"], name="coupon_of_member"),
            models.Index(fields=["order_number"], condition=~Q(order_number=""), name="coupon_of_order"),
            models.Index(fields=["valid_until"], condition=Q(status="unused"), name="coupon_expiry"),
            models.Index(
                fields=["valid_until"], condition=Q(status="unused", reminded_at=None), name="coupon_to_remind"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ClaimTally(models.Model):
    """How many coupons of a template a member was given; the row that their claims wait for each other at.

    The limits are those under which it was last counted, so that the database itself holds them.
    """

    template = models.ForeignKey(CouponTemplate, models.CASCADE, related_name="+", verbose_name=_("template"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    claimed = models.PositiveIntegerField(_("claimed"))
    most = models.PositiveIntegerField(_("at most"), null=True)
    period_start = models.DateField(_("period from"), null=True)
    in_period = models.PositiveIntegerField(_("in the period"))
    most_in_period = models.PositiveIntegerField(_("at most in the period"), null=True)

    class Meta:
        verbose_name = _("claims of a member")
        verbose_name_plural = _("claims of members")
        constraints = [
            models.UniqueConstraint(fields=["template", "member"], name="claim_tally_once"),
            models.CheckConstraint(
                condition=(Q(most__isnull=True) | Q(claimed__lte=F("most")))
                & (Q(most_in_period__isnull=True) | Q(in_period__lte=F("most_in_period")))
                & Q(in_period__lte=F("claimed")),
                name="claim_tally_in_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} × {self.member_id}: {self.claimed}"


class StorePass(models.Model):
    """What a member shows in a store: a number that is good for some minutes. Only its keyed hash is kept."""

    coupon = models.OneToOneField(
        Coupon, models.CASCADE, primary_key=True, related_name="store_pass", verbose_name=_("coupon")
    )
    code_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("store pass")
        verbose_name_plural = _("store passes")

    def __str__(self) -> str:
        return str(self.coupon_id)
