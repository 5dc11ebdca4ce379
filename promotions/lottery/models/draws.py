"""What was drawn, by which odds and which number, and what became of what was won."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.coupons.models import Coupon
from promotions.lottery.models.lotteries import Lottery, OddsVersion, Prize
from promotions.lottery.models.statuses import WinStatus


class Fallback(models.TextChoices):
    """Why what was drawn was not given."""

    SOLD_OUT = "sold_out", _("None of them is left")
    PACED = "paced", _("All of this day are given")
    BUDGET = "budget", _("The budget does not reach for it")
    GONE = "gone", _("Its coupons are no longer given")


class Draw(models.Model):
    """Append-only: `value`, below the `total` of all weights, lies in the share of `drawn`; `prize` was given."""

    class Paid(models.TextChoices):
        CHANCE = "chance", _("A chance")
        POINTS = "points", _("Points")

    lottery = models.ForeignKey(
        Lottery, models.PROTECT, related_name="draws", verbose_name=_("lottery"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    number = models.PositiveIntegerField(_("number"))
    odds = models.ForeignKey(OddsVersion, models.PROTECT, related_name="+", verbose_name=_("odds"), db_index=False)
    value = models.BigIntegerField(_("number drawn"))
    total = models.BigIntegerField(_("of so many"))
    drawn = models.ForeignKey(Prize, models.PROTECT, related_name="+", verbose_name=_("drawn"), db_index=False)
    prize = models.ForeignKey(Prize, models.PROTECT, related_name="draws", verbose_name=_("prize given"))
    fallback = models.CharField(_("why another one"), max_length=10, choices=Fallback, blank=True)
    paid_with = models.CharField(_("paid with"), max_length=10, choices=Paid)
    points_paid = models.PositiveIntegerField(_("points paid"), default=0)
    drawn_at = models.DateTimeField(_("drawn at"))

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        constraints = [
            models.UniqueConstraint(fields=["lottery", "member", "number"], name="draw_once"),
            models.CheckConstraint(condition=Q(value__gte=0, value__lt=F("total")), name="draw_value_in_total"),
            models.CheckConstraint(
                condition=Q(prize=F("drawn"), fallback="") | (~Q(prize=F("drawn")) & ~Q(fallback="")),
                name="draw_gave_what_was_drawn_or_says_why",
            ),
            models.CheckConstraint(
                condition=Q(paid_with="chance", points_paid=0) | Q(paid_with="points", points_paid__gt=0),
                name="draw_is_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="draw_by_member"),
            models.Index(fields=["lottery", "-id"], name="draw_by_lottery"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["member", "number"]),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.lottery_id} × {self.member_id} #{self.number}"


class Win(models.Model):
    """A prize that somebody has: goods wait for an order until `due_at`, all else is given with the draw.

    `cost_fen` is what it has taken of the budget.
    """

    draw = models.OneToOneField(Draw, models.PROTECT, primary_key=True, related_name="win", verbose_name=_("draw"))
    prize = models.ForeignKey(Prize, models.PROTECT, related_name="wins", verbose_name=_("prize"))
    status = models.CharField(_("status"), max_length=10, choices=WinStatus, default=WinStatus.DELIVERED)
    cost_fen = models.PositiveIntegerField(_("cost (fen)"), default=0)
    coupon = models.OneToOneField(
        Coupon, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("coupon")
    )
    due_at = models.DateTimeField(_("to be claimed before"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    order_number = models.CharField(_("order"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("prize won")
        verbose_name_plural = _("prizes won")
        constraints = [
            models.CheckConstraint(
                condition=Q(status="delivered", due_at__isnull=True)
                | (~Q(status="delivered") & Q(due_at__isnull=False)),
                name="win_waits_until_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["ordered", "claimed", "returned"]) ^ Q(order_number=""),
                name="win_is_in_its_order",
            ),
            models.UniqueConstraint(fields=["order_number"], condition=~Q(order_number=""), name="win_order_once"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="waiting"), name="win_due")]

    def __str__(self) -> str:
        return f"{self.draw_id}: {self.prize_id}"


class PrizeCode(models.Model):
    """A code from elsewhere, readable for this shop alone; `fingerprint` tells that it is there already."""

    prize = models.ForeignKey(Prize, models.CASCADE, related_name="codes", verbose_name=_("prize"), db_index=False)
    sealed = models.BinaryField(_("code, sealed"))
    fingerprint = models.BinaryField(max_length=32)
    win = models.OneToOneField(
        Win, models.PROTECT, null=True, blank=True, related_name="code", verbose_name=_("prize won")
    )
    revealed_at = models.DateTimeField(_("first seen at"), null=True, blank=True)

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        constraints = [
            models.UniqueConstraint(fields=["prize", "fingerprint"], name="prize_code_once"),
            models.CheckConstraint(
                condition=Q(revealed_at__isnull=True) | Q(win__isnull=False), name="prize_code_seen_by_its_winner"
            ),
        ]
        indexes = [models.Index(fields=["prize", "id"], condition=Q(win__isnull=True), name="prize_code_free")]

    def __str__(self) -> str:
        return f"{self.prize_id} · {self.pk}"
