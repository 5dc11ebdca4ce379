"""Chances to draw: a ledger, and beside it the balance at which a member's draws wait for each other."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.lottery.models.lotteries import Lottery


class Source(models.TextChoices):
    ORDER = "order", _("An order")
    REVIEW = "review", _("A review")
    CHECK_IN = "check_in", _("A check-in")
    INVITATION = "invitation", _("A friend who registered")
    GIFT = "gift", _("Given by the staff")
    DRAW = "draw", _("Used for a draw")
    TAKEN_BACK = "taken_back", _("Taken back")


class ChanceAccount(models.Model):
    """A member's chances in a lottery, and how often they have drawn."""

    lottery = models.ForeignKey(
        Lottery, models.PROTECT, related_name="accounts", verbose_name=_("lottery"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    balance = models.PositiveIntegerField(_("chances"), default=0)
    draws = models.PositiveIntegerField(_("draws"), default=0)
    day = models.DateField(_("day of the last draw"))
    draws_of_day = models.PositiveIntegerField(_("draws of that day"), default=0)

    class Meta:
        verbose_name = _("chances of a member")
        verbose_name_plural = _("chances of members")
        constraints = [
            models.UniqueConstraint(fields=["lottery", "member"], name="chance_account_once"),
            models.CheckConstraint(condition=Q(draws_of_day__lte=F("draws")), name="chance_account_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.lottery_id} × {self.member_id}: {self.balance}"


class ChanceEntry(models.Model):
    """Append-only: chances that came or went, once for each reference.

    What was used when it should have been taken back is taken back as far as there is anything, be it nothing.
    """

    lottery = models.ForeignKey(
        Lottery, models.PROTECT, related_name="chance_entries", verbose_name=_("lottery"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    source = models.CharField(_("from"), max_length=10, choices=Source)
    amount = models.IntegerField(_("chances"))
    reference = models.CharField(_("reference"), max_length=80)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80, blank=True)
    happened_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("entry of chances")
        verbose_name_plural = _("entries of chances")
        constraints = [
            models.UniqueConstraint(fields=["lottery", "reference"], name="chance_entry_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, source__in=["order", "review", "check_in", "invitation", "gift"])
                | Q(amount=-1, source="draw")
                | Q(amount__lte=0, source="taken_back"),
                name="chance_entry_moves_its_way",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "lottery", "-id"], name="chance_entry_by_member"),
            models.Index(fields=["reference"], name="chance_entry_by_reference"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["member"])
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount:+d}"
