"""Orders that a distributor has brought, and what each of their lines is worth to whom."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member
from promotions.distribution.models.people import Distributor
from shop.catalog.models import Product


class Stage(models.TextChoices):
    """How far the commission of an order has come."""

    FROZEN = "frozen", _("Goods may still come back")
    SETTLED = "settled", pgettext_lazy("commission", "Settled")
    RELEASED = "released", _("Can be withdrawn")


class Sign(models.TextChoices):
    """Why an order may not be an honest one."""

    DEVICE = "device", _("Buyer and distributor use the same device")
    NETWORK = "network", _("Buyer and distributor share a network address")
    ADDRESS = "address", _("Sent to where the distributor receives parcels")
    PAYER = "payer", _("Paid by the distributor, or by who pays for other customers too")
    PACE = "pace", _("Too many orders in a day")
    CIRCLE = "circle", _("They sell to each other in a circle")
    OWN = "own", _("Buyer and distributor have become one account")
    REJOINED = "rejoined", _("The phone belonged to an account that was closed")


class Sale(models.Model):
    """One order, sold by one distributor. Always: nothing of it can be withdrawn while it is held, nor once refused.

    `left_fen` is what is still paid for its goods, `points` what the buyer still has earned by it.
    """

    class Review(models.TextChoices):
        CLEAR = "clear", _("Clear")
        HELD = "held", _("Held")
        REFUSED = "refused", _("Refused")

    order_number = models.CharField(_("order number"), max_length=40, unique=True)
    buyer = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("buyer"))
    distributor = models.ForeignKey(Distributor, models.PROTECT, related_name="sales", verbose_name=_("sold by"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.FROZEN)
    review = models.CharField(_("review"), max_length=10, choices=Review, default=Review.CLEAR)
    signs = models.JSONField(_("suspicions"), default=list, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reviewed_by = models.CharField(_("reviewed by"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    # A keyed digest of who paid, to see one payer behind several customers; forgotten when the buyer leaves.
    payer_digest = models.CharField(max_length=64, blank=True)
    paid_fen = models.PositiveBigIntegerField(_("paid (fen)"))
    left_fen = models.PositiveBigIntegerField(_("still paid (fen)"))
    points = models.PositiveBigIntegerField(_("points that the buyer earned"), default=0)
    sold_on = models.DateField(_("sold on"))
    sold_at = models.DateTimeField(_("sold at"))
    settles_at = models.DateTimeField(_("settles at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    released_at = models.DateTimeField(_("can be withdrawn since"), null=True, blank=True)

    class Meta:
        verbose_name = _("order of a distributor")
        verbose_name_plural = _("orders of distributors")
        constraints = [
            models.CheckConstraint(condition=Q(left_fen__lte=F("paid_fen")), name="sale_left_of_what_was_paid"),
            models.CheckConstraint(condition=~Q(stage="released", review="held"), name="sale_released_is_not_held"),
            models.CheckConstraint(
                condition=Q(stage="frozen") | Q(settled_at__isnull=False), name="sale_settled_at_an_instant"
            ),
        ]
        indexes = [
            models.Index(fields=["settles_at"], condition=Q(stage="frozen"), name="sale_to_settle"),
            models.Index(fields=["settled_at"], condition=Q(stage="settled", review="clear"), name="sale_to_release"),
            models.Index(fields=["-id"], condition=Q(review="held"), name="sale_held"),
            models.Index(fields=["distributor", "-id"], name="sale_of_distributor"),
            models.Index(fields=["distributor", "sold_on"], name="sale_of_day"),
            models.Index(fields=["buyer"], name="sale_of_buyer"),
            models.Index(fields=["payer_digest"], condition=~Q(payer_digest=""), name="sale_by_payer"),
            # What leaderboards read, without touching the table.
            models.Index(
                fields=["sold_on", "distributor"],
                include=["left_fen", "points"],
                condition=Q(review="clear", left_fen__gt=0),
                name="sale_ranking",
            ),
        ]

    def __str__(self) -> str:
        return self.order_number


class Commission(models.Model):
    """What one line of an order is worth to one beneficiary: `rate_bp` as it was when it was paid.

    `amount_fen` follows what is still paid for the line; all of an order's at one level add up to the fen.
    """

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="commissions", verbose_name=_("order"))
    position = models.PositiveSmallIntegerField(_("line"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.PositiveIntegerField(_("quantity"))
    distributor = models.ForeignKey(
        Distributor, models.PROTECT, related_name="commissions", verbose_name=_("beneficiary")
    )
    level = models.PositiveSmallIntegerField(_("level"))
    rate_bp = models.PositiveIntegerField(_("commission (bp)"))
    paid_fen = models.PositiveBigIntegerField(_("paid (fen)"))
    left_fen = models.PositiveBigIntegerField(_("still paid (fen)"))
    earned_fen = models.PositiveBigIntegerField(_("commission when paid (fen)"))
    amount_fen = models.PositiveBigIntegerField(_("commission (fen)"))

    class Meta:
        verbose_name = _("commission")
        verbose_name_plural = _("commissions")
        constraints = [
            models.UniqueConstraint(
                fields=["sale", "position", "distributor", "level"], name="commission_once_a_beneficiary"
            ),
            models.UniqueConstraint(fields=["sale", "position", "level"], name="commission_once_a_level"),
            # Regulations on pyramid selling: a third level is none that a setting could bring.
            models.CheckConstraint(condition=Q(level__in=[1, 2]), name="commission_of_two_levels_at_most"),
            models.CheckConstraint(condition=Q(left_fen__lte=F("paid_fen")), name="commission_left_of_what_was_paid"),
            models.CheckConstraint(condition=Q(amount_fen__lte=F("left_fen")), name="commission_part_of_what_is_left"),
        ]
        indexes = [models.Index(fields=["distributor", "-id"], name="commission_of_beneficiary")]

    def __str__(self) -> str:
        return f"{self.sale} #{self.position + 1}"
