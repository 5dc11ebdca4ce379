"""Presales: goods ordered before they are sent, paid at once or by a deposit that counts for more than it is. An order
takes of the stock as every other does: what is to come is entered there before it is offered.

Always: what an item has `taken` is the sum of its uses that stand and never exceeds its quota; a member's tally is the
sum of the member's; a use is written by the order's transaction and given back once. What was agreed on of the deposit
stands with the order, so that a presale that is changed changes nothing for those who have ordered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from promotions.campaigns.conflicts import line_of
from promotions.campaigns.models import Campaign
from promotions.campaigns.platform_rules import Traits
from promotions.campaigns.scopes import GONE
from promotions.discounts.honesty import raised_prices
from promotions.pricing.model import WHOLE_BP
from promotions.pricing.scopes import Scope
from shop.catalog.cache import touch_products
from shop.catalog.models import Sku


class Presale(Campaign):
    """The window of the campaign is that in which one orders. A balance is paid in a window of its own, after it."""

    KIND = "presale"
    PARTS = ("items",)
    ACTS_BY_ITSELF = False

    class Mode(models.TextChoices):
        DEPOSIT = "deposit", _("Deposit, then balance")
        FULL = "full", _("Paid in full at once")

    mode = models.CharField(_("way of paying"), max_length=10, choices=Mode, default=Mode.DEPOSIT)
    balance_from = models.DateTimeField(
        _("balance from"), null=True, blank=True, help_text=_("Not before the presale ends.")
    )
    balance_until = models.DateTimeField(
        _("balance before"), null=True, blank=True, help_text=_("The first moment at which it is too late.")
    )
    ships_at = models.DateTimeField(
        _("sent from"), help_text=_("Members are promised that their goods leave then; not before.")
    )
    back_if_missed = models.BooleanField(
        _("give the deposit back when the balance is not paid in time"),
        default=False,
        help_text=_("Otherwise the shop keeps it. Members are told before they order."),
    )
    back_on_request = models.BooleanField(
        _("give the deposit back to who cancels before the balance is over"), default=True
    )

    class Meta(Campaign.Meta):
        verbose_name = _("presale")
        verbose_name_plural = _("presales")
        constraints = [
            *Campaign.Meta.constraints,
            models.CheckConstraint(
                condition=Q(balance_from__isnull=True, balance_until__isnull=True)
                | Q(balance_from__isnull=False, balance_until__gt=F("balance_from")),
                name="presale_balance_window",
                violation_error_message=_("The balance is paid from one moment until a later one: give both."),
            ),
        ]

    @property
    def takes_deposits(self) -> bool:
        return self.mode == self.Mode.DEPOSIT

    def is_used_up(self) -> bool:
        unpaid = PresaleUse.objects.filter(item__presale=self, released_at=None, confirmed_at=None)
        return super().is_used_up() and not unpaid.exists()

    def reach(self, paths: Mapping[int, str]) -> Scope:
        skus = frozenset(item.sku_id for item in self.items.all())
        return Scope(skus=skus) if skus else Scope(categories=frozenset([GONE]))

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return PresaleUse.objects.filter(item__presale=self).values("order_number")

    def depth_bp(self) -> int:
        return max((each.off_bp for each in self.items.select_related("sku")), default=0)

    def traits(self, *, now: datetime) -> Traits:
        return Traits(raised_prices=raised_prices(self.reach({}), now=now))

    def lacks(self) -> Sequence[Any]:
        rows = list(self.items.select_related("sku__product__category", "sku__stock").order_by("pk"))
        found: list[Any] = [] if rows else [_("Name the goods and their prices.")]
        found += self._lacks_of_window()
        for row in rows:
            if bool(row.deposit_fen) != self.takes_deposits:
                found.append(_("{sku}: a deposit is given where it is paid, and only there.").format(sku=row.sku))
            found += row.lacks_stock()
            if row.unit_price_fen < line_of(row.sku, 1).least_unit_fen:
                found.append(_("{sku}: this is less than the least that it is sold for.").format(sku=row.sku))
        return found

    def _lacks_of_window(self) -> list[Any]:
        found: list[Any] = []
        if self.takes_deposits:
            if self.ends_at is None or self.balance_from is None or self.balance_until is None:
                found.append(_("Say when the presale ends, and from when until when the balance is paid."))
            elif self.balance_from < self.ends_at:
                found.append(_("The balance is paid after the presale has ended."))
            elif self.ships_at < self.balance_from:
                found.append(_("Nothing is sent before its balance can be paid."))
        elif self.balance_from is not None:
            found.append(_("Where all is paid at once there is no balance: leave its window blank."))
        if self.ships_at <= self.starts_at:
            found.append(_("Goods of a presale are sent after it has begun."))
        return found

    def touch_catalogue(self) -> None:
        touch_products(self.items.values_list("sku__product_id", flat=True))

    def before_publication(self) -> None:
        """A budget that is new counts what was taken off before it was set."""
        standing = PresaleUse.objects.filter(item__presale=self, released_at=None)
        self.spent_fen = standing.aggregate(fen=models.Sum("discount_fen", default=0))["fen"]

    def clone_children(self, source: Any) -> None:
        for row in source.items.order_by("pk"):
            row.pk, row.presale, row.taken = None, self, 0
            row.save(force_insert=True)


class PresaleItem(models.Model):
    """A SKU at its price. Of that, a deposit of `deposit_fen` pays `expanded_fen`: 10 that count for 20."""

    presale = models.ForeignKey(
        Presale, models.CASCADE, related_name="items", verbose_name=_("presale"), db_index=False
    )
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    price_fen = models.PositiveIntegerField(_("price (fen)"))
    deposit_fen = models.PositiveIntegerField(_("deposit (fen)"), default=0, blank=True)
    expanded_fen = models.PositiveIntegerField(
        _("deposit counts for (fen)"), default=0, blank=True, help_text=_("Blank: for what it is.")
    )
    quota = models.PositiveIntegerField(
        _("units in all"), null=True, blank=True, help_text=_("Blank: as many as there are.")
    )
    limit_per_member = models.PositiveIntegerField(_("units per member"), null=True, blank=True)
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["taken"])

    class Meta:
        verbose_name = _("goods of the presale")
        verbose_name_plural = _("goods of the presale")
        constraints = [
            models.UniqueConstraint(fields=["presale", "sku"], name="presale_item_once"),
            models.CheckConstraint(
                condition=Q(deposit_fen__lte=F("expanded_fen"), expanded_fen__lte=F("price_fen")),
                name="presale_deposit_in_price",
                violation_error_message=_("A deposit counts for what it is at least, and for the price at most."),
            ),
            models.CheckConstraint(
                condition=Q(deposit_fen__gt=0) | Q(expanded_fen=0), name="presale_nothing_expands_to_nothing"
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(taken__lte=F("quota")),
                name="presale_item_in_quota",
                violation_error_message=_("More than that are sold already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.sku)

    def clean(self) -> None:
        self.expanded_fen = self.expanded_fen or self.deposit_fen

    @property
    def unit_price_fen(self) -> int:
        """What is paid for a unit in all, deposit and balance."""
        return self.price_fen - self.expanded_fen + self.deposit_fen

    @property
    def off_bp(self) -> int:
        """What that takes off the price of the SKU, which comes with it."""
        list_fen = self.sku.price_fen
        return max(list_fen - self.unit_price_fen, 0) * WHOLE_BP // list_fen if list_fen else 0

    def lacks_stock(self) -> list[Any]:
        """Every order takes of the stock when it is placed: what is to come must be promised there first."""
        wanted, available = (1 if self.left is None else self.left), max(self.sku.stock.available, 0)
        if available >= wanted:
            return []
        text = _(
            "{sku}: {wanted} are offered and {available} can be promised. Orders take of the stock when they are"
            " placed: enter what is to come as stock first, or offer fewer."
        )
        return [text.format(sku=self.sku, wanted=wanted, available=available)]

    @staticmethod
    def has_units() -> Q:
        """The condition that not all are ordered."""
        return Q(quota=None) | Q(taken__lt=F("quota"))

    @property
    def left(self) -> int | None:
        return None if self.quota is None else self.quota - self.taken


class PresaleUse(models.Model):
    """What one order took of a presale. Written by services only."""

    order_number = models.CharField(_("order"), max_length=40, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="presale_uses", verbose_name=_("member"), db_index=False
    )
    item = models.ForeignKey(PresaleItem, models.PROTECT, related_name="uses", verbose_name=_("goods of the presale"))
    units = models.PositiveIntegerField(_("units"))
    discount_fen = models.PositiveBigIntegerField(_("discount (fen)"))
    # What was paid for the whole order, once all of it was.
    revenue_fen = models.PositiveBigIntegerField(_("revenue (fen)"), default=0)
    used_at = models.DateTimeField(_("used at"))
    confirmed_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    class Meta:
        verbose_name = _("order of a presale")
        verbose_name_plural = _("orders of presales")
        indexes = [models.Index(fields=["member", "-id"], name="presale_use_by_member")]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.item_id} × {self.units}"


class PresaleTally(models.Model):
    """How many units of an item a member has taken, by all orders that stand."""

    item = models.ForeignKey(
        PresaleItem, models.CASCADE, related_name="tallies", verbose_name=_("goods of the presale"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="presale_tallies", verbose_name=_("member"))
    units = models.PositiveIntegerField(_("units"))

    class Meta:
        verbose_name = _("member's tally")
        verbose_name_plural = _("members' tallies")
        constraints = [models.UniqueConstraint(fields=["item", "member"], name="presale_tally_once")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.member_id}: {self.units}"
