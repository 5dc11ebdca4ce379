"""What members took: redemptions with their tallies, and the codes and vouchers that came of them."""

from collections.abc import Mapping

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from points.mall.models.rewards import Reward, Zone
from points.mall.models.slots import Slot


class RedemptionStatus(models.TextChoices):
    HELD = "held", _("Ordered, unpaid")
    PAID = "paid", _("Paid")
    GIVEN = "given", _("Given")
    RELEASED = "released", _("Given up unpaid")
    RETURNED = "returned", _("Given back")


STANDING = (RedemptionStatus.HELD, RedemptionStatus.PAID, RedemptionStatus.GIVEN)


class Redemption(models.Model):
    """What one order took of a reward. Of `units`, `units_back` came back later. Written by services only.

    Goods are paid and then travel as every order; the rest is given at once.
    """

    order_number = models.CharField(_("order"), max_length=40, unique=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="redemptions", verbose_name=_("reward"))
    # Whose pool it took from.
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="+", verbose_name=_("zone"), null=True, blank=True)
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="+", verbose_name=_("slot"), null=True, blank=True)
    units = models.PositiveIntegerField(_("units"))
    units_back = models.PositiveIntegerField(_("units given back"), default=0)
    points = models.PositiveBigIntegerField(_("points"))
    price_fen = models.PositiveBigIntegerField(_("money (fen)"))
    period_start = models.DateField(_("period from"))
    status = models.CharField(_("status"), max_length=8, choices=RedemptionStatus, default=RedemptionStatus.HELD)
    redeemed_at = models.DateTimeField(_("redeemed at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="mall_redemption_counts"),
            models.CheckConstraint(condition=Q(units_back__lte=F("units")), name="mall_redemption_back"),
            models.CheckConstraint(
                condition=Q(status__in=["released", "returned"]) ^ Q(ended_at=None), name="mall_redemption_ended"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="mall_redemption_by_member"),
            models.Index(fields=["redeemed_at"], name="mall_redemption_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.units}"

    @property
    def stands(self) -> int:
        """Units that did not come back."""
        return self.units - self.units_back if self.status in STANDING else 0


class RewardTally(models.Model):
    """How many units of a reward a member has, in all and in the period that began on `period_start`."""

    reward = models.ForeignKey(Reward, models.CASCADE, related_name="tallies", verbose_name=_("reward"), db_index=False)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    units = models.PositiveIntegerField(_("units"))
    period_start = models.DateField(_("period from"))
    in_period = models.PositiveIntegerField(_("in the period"))

    class Meta:
        verbose_name = _("member's tally of a reward")
        verbose_name_plural = _("members' tallies of rewards")
        constraints = [
            models.UniqueConstraint(fields=["reward", "member"], name="mall_tally_once"),
            models.CheckConstraint(condition=Q(in_period__lte=F("units")), name="mall_tally_period_in_all"),
        ]

    def __str__(self) -> str:
        return f"{self.reward_id} {self.member_id}: {self.units}"


class VoucherStatus(models.TextChoices):
    READY = "ready", _("Can be used")
    REVEALED = "revealed", _("Code seen")
    USED = "used", _("Used")
    NO_SHOW = "no_show", _("Did not come")
    FROZEN = "frozen", _("Money back is asked for")
    CANCELLED = "cancelled", _("Given back")
    EXPIRED = "expired", _("Expired")


VOUCHER_TRANSITIONS: Mapping[str, frozenset[str]] = {
    VoucherStatus.READY: frozenset(
        {
            VoucherStatus.REVEALED,
            VoucherStatus.USED,
            VoucherStatus.NO_SHOW,
            VoucherStatus.FROZEN,
            VoucherStatus.EXPIRED,
        }
    ),
    VoucherStatus.FROZEN: frozenset({VoucherStatus.READY, VoucherStatus.CANCELLED}),
    VoucherStatus.USED: frozenset({VoucherStatus.READY}),
    VoucherStatus.NO_SHOW: frozenset({VoucherStatus.READY}),
    VoucherStatus.EXPIRED: frozenset({VoucherStatus.READY}),
}
# While it is one of these its slot has a place less.
SEATED = (VoucherStatus.READY, VoucherStatus.FROZEN, VoucherStatus.USED, VoucherStatus.NO_SHOW)


class Voucher(models.Model):
    """One unit of a service or of a code that a member has.

    What is shown in a store is not kept: it follows from the key of the shop and the number; `shown_hash` finds it.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    redemption = models.ForeignKey(
        Redemption, models.PROTECT, related_name="vouchers", verbose_name=_("redemption"), db_index=False
    )
    position = models.PositiveIntegerField(_("unit"))
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="+", verbose_name=_("reward"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    status = models.CharField(_("status"), max_length=10, choices=VoucherStatus, default=VoucherStatus.READY)
    slot = models.ForeignKey(
        Slot, models.PROTECT, related_name="vouchers", verbose_name=_("slot"), null=True, blank=True
    )
    shown_hash = models.BinaryField(max_length=32, unique=True, null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    issued_at = models.DateTimeField(_("given at"))
    revealed_at = models.DateTimeField(_("first seen at"), null=True, blank=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    store_code = models.CharField(_("store"), max_length=40, blank=True)
    verified_by = models.CharField(_("verified by"), max_length=80, blank=True)
    no_shows = models.PositiveSmallIntegerField(_("times not come"), default=0)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.UniqueConstraint(fields=["redemption", "position"], name="mall_voucher_once"),
            models.CheckConstraint(condition=Q(status="used") ^ Q(used_at=None), name="mall_voucher_used_at_a_moment"),
            models.CheckConstraint(
                condition=Q(status="revealed") ^ Q(revealed_at=None), name="mall_voucher_seen_at_a_moment"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="mall_voucher_by_member"),
            models.Index(
                fields=["valid_until"],
                condition=Q(status="ready", valid_until__isnull=False),
                name="mall_voucher_expiry",
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="transitions",
                field="status",
                transitions=[
                    (str(source), str(target))
                    for source in VOUCHER_TRANSITIONS
                    for target in sorted(VOUCHER_TRANSITIONS[source])
                ],
            )
        ]

    def __str__(self) -> str:
        return self.number


class RewardCode(models.Model):
    """A code from elsewhere, readable for this shop alone; `fingerprint` tells that it is there already.

    It belongs to a redemption from the order on, and to a voucher once that is paid.
    """

    reward = models.ForeignKey(Reward, models.PROTECT, related_name="codes", verbose_name=_("reward"), db_index=False)
    sealed = models.BinaryField(_("code, sealed"))
    fingerprint = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField(_("good until"), null=True, blank=True)
    imported_at = models.DateTimeField(_("imported at"))
    # Expired before anybody had it.
    retired_at = models.DateTimeField(_("taken out at"), null=True, blank=True)
    redemption = models.ForeignKey(
        Redemption, models.PROTECT, related_name="codes", verbose_name=_("redemption"), null=True, blank=True
    )
    voucher = models.OneToOneField(
        Voucher, models.PROTECT, related_name="code", verbose_name=_("voucher"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("code of a reward")
        verbose_name_plural = _("codes of rewards")
        constraints = [
            models.CheckConstraint(
                condition=Q(voucher__isnull=True) | Q(redemption__isnull=False), name="mall_code_of_its_redemption"
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(redemption__isnull=True), name="mall_code_retired_unused"
            ),
        ]
        indexes = [
            models.Index(
                fields=["reward", "expires_at", "id"],
                condition=Q(redemption__isnull=True, retired_at__isnull=True),
                name="mall_code_free",
            ),
            models.Index(fields=["reward", "imported_at"], name="mall_code_by_import"),
        ]

    def __str__(self) -> str:
        return f"{self.reward_id} · {self.pk}"


class CodeReveal(models.Model):
    """Append-only: each time that somebody looked at a code."""

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="reveals", verbose_name=_("voucher"))
    actor = models.CharField(_("by"), max_length=80)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    revealed_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("look at a code")
        verbose_name_plural = _("looks at codes")
        ordering = ["-id"]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="as_written", exclude=["actor", "address"]),
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.revealed_at}"
