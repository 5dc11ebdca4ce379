"""Flash sales: sessions of a day, goods with a price and a quota in each, what orders took, who wants to be reminded.

Always: `taken` of an item is the sum of its uses that stand and never exceeds its quota; a member's tally is the sum of
the member's, within the limit of the moment when it was taken; an order has one use, written in its transaction and
given back once; a member is reminded of a session's goods once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from points.ledger.queries import points_worth_fen
from promotions.campaigns.conflicts import line_of
from promotions.campaigns.models import Campaign
from promotions.campaigns.platform_rules import Traits
from promotions.campaigns.scopes import GONE
from promotions.campaigns.stacking import StackingFields
from promotions.discounts.honesty import raised_prices
from promotions.flash_sale.gate import forget_after_commit
from promotions.pricing.model import WHOLE_BP
from promotions.pricing.scopes import Scope
from shop.catalog.cache import touch_products
from shop.catalog.models import Sku
from shop.core.clock import SHANGHAI


class FlashSale(StackingFields, Campaign):
    """Goods at a price of their own in short sessions, so many of each. It acts for whoever comes through it.

    The campaign's window holds its sessions, on one day or several. `pay_within_minutes` after an order its units are
    for others again; `warm_up_hours` before a session its goods are shown.
    """

    KIND = "flash_sale"
    PARTS = ("sessions__items",)
    ACTS_BY_ITSELF = False

    pay_within_minutes = models.PositiveSmallIntegerField(
        _("minutes to pay in"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Afterwards the units of an unpaid order are for others again."),
    )
    warm_up_hours = models.PositiveSmallIntegerField(
        _("hours shown before"),
        default=24,
        validators=[MaxValueValidator(24 * 30)],
        help_text=_("So long before a session starts members see its goods and can ask to be reminded."),
    )

    class Meta(Campaign.Meta):
        verbose_name = _("flash sale")
        verbose_name_plural = _("flash sales")

    @property
    def pay_within(self) -> timedelta:
        return timedelta(minutes=self.pay_within_minutes)

    @property
    def warm_up(self) -> timedelta:
        return timedelta(hours=self.warm_up_hours)

    @property
    def items(self) -> models.QuerySet["FlashSaleItem"]:
        return FlashSaleItem.objects.filter(session__sale=self)

    def is_used_up(self) -> bool:
        unpaid = FlashSaleUse.objects.filter(item__session__sale=self, released_at=None, confirmed_at=None)
        return super().is_used_up() and not unpaid.exists()

    def reach(self, paths: Mapping[int, str]) -> Scope:
        skus = frozenset(item.sku_id for session in self.sessions.all() for item in session.items.all())
        return Scope(skus=skus) if skus else Scope(categories=frozenset([GONE]))

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return FlashSaleUse.objects.filter(item__session__sale=self).values("order_number")

    def depth_bp(self) -> int:
        """Points count with what they are worth."""
        return max((each.depth_bp() for each in self.items.select_related("sku")), default=0)

    def why_not_at(self, moment: datetime) -> Any | None:
        runs = any(each.is_at(moment) for each in self.sessions.all())
        return None if runs else _("None of its sessions is at that moment.")

    def traits(self, *, now: datetime) -> Traits:
        return Traits(raised_prices=raised_prices(self.reach({}), now=now))

    def lacks(self) -> Sequence[Any]:
        sessions = list(self.sessions.prefetch_related("items__sku__product__category"))
        if not sessions:
            return [_("Say when its sessions are.")]
        found: list[Any] = []
        for session in sessions:
            if not session.lies_within(self):
                found.append(_("The session {session} lies outside of the sale's window.").format(session=session))
            if not session.items.all():
                found.append(_("The session {session} has no goods.").format(session=session))
            found += [said for each in session.items.all() if (said := each.lacks())]
        return found

    def touch_catalogue(self) -> None:
        forget_after_commit(self.items.values_list("pk", flat=True))
        touch_products(self.items.values_list("sku__product", flat=True))

    def before_publication(self) -> None:
        """A budget that is new counts what was sold before it was set."""
        self.spent_fen = spent_by_uses(self)

    def clone_children(self, source: Any) -> None:
        for session in source.sessions.order_by("pk"):
            session.copy_to(self, by=timedelta())


class FlashSaleSession(models.Model):
    """From `starts_at` to before `ends_at` its goods are sold at their prices."""

    sale = models.ForeignKey(
        FlashSale, models.CASCADE, related_name="sessions", verbose_name=_("flash sale"), db_index=False
    )
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), help_text=_("The first moment without it."))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("session of a flash sale")
        verbose_name_plural = _("sessions of a flash sale")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="flash_session_window",
                violation_error_message=_("A session ends after it starts."),
            ),
            models.UniqueConstraint(fields=["sale", "starts_at"], name="flash_session_once"),
        ]

    def __str__(self) -> str:
        start, end = self.starts_at.astimezone(SHANGHAI), self.ends_at.astimezone(SHANGHAI)
        last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
        return f"{start:%m-%d %H:%M} – {last}"

    def is_at(self, moment: datetime) -> bool:
        return self.starts_at <= moment < self.ends_at

    def lies_within(self, sale: FlashSale) -> bool:
        return sale.starts_at <= self.starts_at and (sale.ends_at is None or self.ends_at <= sale.ends_at)

    def copy_to(self, sale: FlashSale, *, by: timedelta) -> None:
        """The same session with its goods and nothing sold, so much later."""
        copy = FlashSaleSession.objects.create(sale=sale, starts_at=self.starts_at + by, ends_at=self.ends_at + by)
        for item in self.items.order_by("pk"):
            item.pk, item.session, item.taken = None, copy, 0
            item.save(force_insert=True)


class FlashSaleItem(models.Model):
    """What a SKU costs in a session, in money, in points, or in both, and how many of it there are at that price."""

    session = models.ForeignKey(
        FlashSaleSession, models.CASCADE, related_name="items", verbose_name=_("session"), db_index=False
    )
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    price_fen = models.PositiveIntegerField(_("price (fen)"), default=0, blank=True)
    points = models.PositiveIntegerField(_("points"), default=0, blank=True)
    quota = models.PositiveIntegerField(_("units in all"), validators=[MinValueValidator(1)])
    limit_per_member = models.PositiveIntegerField(
        _("units per member"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Blank: as many as there are."),
    )
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    left = models.GeneratedField(
        verbose_name=_("left"), expression=F("quota") - F("taken"), output_field=models.IntegerField(), db_persist=True
    )
    history = HistoricalRecords(excluded_fields=["taken", "left"])

    class Meta:
        verbose_name = _("goods of a flash sale")
        verbose_name_plural = _("goods of a flash sale")
        constraints = [
            models.UniqueConstraint(fields=["session", "sku"], name="flash_item_once"),
            models.CheckConstraint(
                condition=Q(taken__lte=F("quota")),
                name="flash_item_in_quota",
                violation_error_message=_("More than that are sold already."),
            ),
            models.CheckConstraint(
                condition=Q(price_fen__gt=0) | Q(points__gt=0),
                name="flash_item_costs_something",
                violation_error_message=_("Give a price, points, or both."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.sku)

    @property
    def worth_fen(self) -> int:
        return self.price_fen + points_worth_fen(self.points)

    def depth_bp(self) -> int:
        list_fen = self.sku.price_fen
        return max(list_fen - self.worth_fen, 0) * WHOLE_BP // list_fen if list_fen else 0

    def lacks(self) -> Any:
        """Points may pay what the least price asks for; money alone must reach it, or members would pay more."""
        if self.price_fen > self.sku.price_fen or (not self.points and self.price_fen == self.sku.price_fen):
            return _("“{sku}” costs no less than it does anyway.").format(sku=self.sku)
        if not self.points and self.price_fen < line_of(self.sku, 1).least_unit_fen:
            return _("“{sku}” may not be sold for so little.").format(sku=self.sku)
        return None


class FlashSaleUse(models.Model):
    """What one order took. Written by services only."""

    order_number = models.CharField(_("order"), max_length=40, unique=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    item = models.ForeignKey(
        FlashSaleItem, models.PROTECT, related_name="uses", verbose_name=_("goods of a flash sale")
    )
    units = models.PositiveIntegerField(_("units"))
    points = models.PositiveIntegerField(_("points"), default=0)
    discount_fen = models.PositiveIntegerField(_("discount (fen)"), default=0)
    # What it cost the shop: the discount without what points have paid of it.
    cost_fen = models.PositiveIntegerField(_("cost (fen)"), default=0)
    # What was paid for the whole order, once it was.
    revenue_fen = models.PositiveBigIntegerField(_("revenue (fen)"), default=0)
    used_at = models.DateTimeField(_("used at"))
    confirmed_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    class Meta:
        verbose_name = _("purchase in a flash sale")
        verbose_name_plural = _("purchases in flash sales")
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="flash_use_counts")]
        indexes = [models.Index(fields=["member", "-id"], name="flash_use_by_member")]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.units}"


class FlashSaleTally(models.Model):
    """How many units of an item a member has taken."""

    item = models.ForeignKey(
        FlashSaleItem, models.CASCADE, related_name="tallies", verbose_name=_("goods of a flash sale"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    units = models.PositiveIntegerField(_("units"))

    class Meta:
        verbose_name = _("member's tally")
        verbose_name_plural = _("members' tallies")
        constraints = [models.UniqueConstraint(fields=["item", "member"], name="flash_tally_once")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.member_id}: {self.units}"


class FlashSaleReminder(models.Model):
    """A member wants to hear before the session of this item starts; `told_at` once that has been done."""

    item = models.ForeignKey(
        FlashSaleItem,
        models.CASCADE,
        related_name="reminders",
        verbose_name=_("goods of a flash sale"),
        db_index=False,
    )
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"))
    asked_at = models.DateTimeField(_("asked at"))
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reminder of a flash sale")
        verbose_name_plural = _("reminders of flash sales")
        constraints = [models.UniqueConstraint(fields=["item", "member"], name="flash_reminder_once")]
        indexes = [models.Index(fields=["item", "id"], name="flash_reminder_due", condition=Q(told_at=None))]

    def __str__(self) -> str:
        return f"{self.item_id} {self.member_id}"


def spent_by_uses(sale: FlashSale) -> int:
    """What it has taken off the orders that stand."""
    uses = FlashSaleUse.objects.filter(item__session__sale=sale, released_at=None)
    return uses.aggregate(fen=Sum("discount_fen", default=0))["fen"]
