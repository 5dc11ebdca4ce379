"""Commission money: where it is, and every move of it. Rows are added, never changed or deleted."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from promotions.distribution.models.people import Distributor
from promotions.distribution.models.sales import Sale


class Bucket(models.TextChoices):
    """Where commission is. The shop's is where it comes from, and where it goes back to."""

    SHOP = "shop", _("The shop's")
    FROZEN = "frozen", _("Frozen")
    SETTLED = "settled", pgettext_lazy("commission", "Settled")
    AVAILABLE = "available", _("Can be withdrawn")
    RESERVED = "reserved", _("Being withdrawn")
    PAID = "paid", _("Paid out")


class EntryKind(models.TextChoices):
    EARNED = "earned", _("Earned")
    REVERSED = "reversed", pgettext_lazy("commission", "Taken back")
    RESTORED = "restored", _("Given again")
    SETTLED = "settled", pgettext_lazy("commission", "Settled")
    RELEASED = "released", _("Can be withdrawn")
    RESERVED = "reserved", _("Withdrawal asked for")
    RETURNED = "returned", _("Withdrawal ended without payment")
    PAID = "paid", _("Paid out")
    PAID_LATE = "paid_late", _("Paid out after it had ended")
    AWARDED = "awarded", _("Reward of a leaderboard")
    RESCINDED = "rescinded", _("Reward of a leaderboard taken back")


class CommissionAccount(models.Model):
    """What a distributor has, derived from the entries. `available_fen` below 0 is owed, and carried."""

    distributor = models.OneToOneField(
        Distributor, models.PROTECT, primary_key=True, related_name="account", verbose_name=_("distributor")
    )
    frozen_fen = models.BigIntegerField(_("frozen (fen)"), default=0)
    settled_fen = models.BigIntegerField(_("settled (fen)"), default=0)
    available_fen = models.BigIntegerField(_("can be withdrawn (fen)"), default=0)
    reserved_fen = models.BigIntegerField(_("being withdrawn (fen)"), default=0)
    paid_fen = models.BigIntegerField(_("paid out (fen)"), default=0)

    class Meta:
        verbose_name = _("commission account")
        verbose_name_plural = _("commission accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(frozen_fen__gte=0, settled_fen__gte=0, reserved_fen__gte=0, paid_fen__gte=0),
                name="commission_account_not_below_nothing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.distributor)


class CommissionEntry(models.Model):
    """`amount_fen` goes from one bucket to another; `available_after_fen` is what could be withdrawn thereafter."""

    account = models.ForeignKey(
        CommissionAccount, models.PROTECT, related_name="entries", verbose_name=_("distributor")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    origin = models.CharField(pgettext_lazy("commission", "from"), max_length=10, choices=Bucket)
    destination = models.CharField(pgettext_lazy("commission", "to"), max_length=10, choices=Bucket)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    available_after_fen = models.BigIntegerField(_("can be withdrawn thereafter (fen)"))
    reference = models.CharField(_("for"), max_length=80)
    sale = models.ForeignKey(
        Sale, models.PROTECT, null=True, blank=True, related_name="entries", verbose_name=_("order")
    )
    actor = models.CharField(_("by"), max_length=80, blank=True)
    happened_at = models.DateTimeField(_("happened at"))

    class Meta:
        verbose_name = _("entry of commission")
        verbose_name_plural = _("entries of commission")
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="commission_entry_positive"),
            models.CheckConstraint(condition=~Q(origin=F("destination")), name="commission_entry_moves"),
            # What is withdrawn was there: whoever forgets to look first is refused here.
            models.CheckConstraint(
                condition=~Q(kind="reserved") | Q(available_after_fen__gte=0), name="commission_reserve_was_there"
            ),
            models.UniqueConstraint(
                fields=["account", "kind", "reference"],
                condition=~Q(kind__in=["reversed", "restored"]),
                name="commission_entry_moves_once",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="commission_entry_of_account"),
            models.Index(fields=["sale"], condition=Q(sale__isnull=False), name="commission_entry_of_sale"),
            models.Index(fields=["happened_at"], name="commission_entry_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"
