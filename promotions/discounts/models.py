"""Timed discounts and spend offers, and what orders took of them.

Always: where there is a quota, an item's `taken` and a tier's `gifts_given` are the sums of their uses that stand and
never exceed it; where there is a limit, a member's tally is the sum of the member's; a use is written by the order's
transaction and given back once. What has no limit is not counted, so that no row is everybody's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from promotions.campaigns.errors import CampaignIncomplete
from promotions.campaigns.models import Campaign
from promotions.campaigns.platform_rules import Traits
from promotions.campaigns.scopes import GONE, ScopeFields, category_paths
from promotions.campaigns.stacking import StackingFields
from promotions.discounts import depth
from promotions.discounts.honesty import raised_prices
from promotions.pricing.model import WHOLE_BP, Measure, Mechanism
from promotions.pricing.scopes import Scope
from shop.catalog.cache import touch_listing, touch_products
from shop.catalog.models import Category, Product, Sku


class TimedDiscount(StackingFields, Campaign):
    """Other unit prices for some goods during a window."""

    KIND = Mechanism.TIMED_DISCOUNT.value
    PARTS = ("items",)

    class Meta(Campaign.Meta):
        verbose_name = _("timed discount")
        verbose_name_plural = _("timed discounts")

    def is_used_up(self) -> bool:
        return super().is_used_up() and not has_unpaid_uses(self)

    def reach(self, paths: Mapping[int, str]) -> Scope:
        rows = list(self.items.all())
        if not rows:
            return Scope(categories=frozenset([GONE]))
        return Scope(
            categories=frozenset(paths.get(row.category_id, GONE) for row in rows if row.category_id),
            products=frozenset(row.product_id for row in rows if row.product_id),
            skus=frozenset(row.sku_id for row in rows if row.sku_id),
        )

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return orders_with_uses(self)

    def depth_bp(self) -> int:
        return depth.of_items(self.items.all(), paths=category_paths())

    def traits(self, *, now: datetime) -> Traits:
        return Traits(raised_prices=raised_prices(self.reach(category_paths()), now=now))

    def lacks(self) -> Sequence[Any]:
        return [] if self.items.exists() else [_("Name the goods and their prices.")]

    def touch_catalogue(self) -> None:
        rows = list(self.items.select_related("sku"))
        if any(row.category_id for row in rows):
            touch_listing()
        else:
            touch_products(row.sku.product_id if row.sku else row.product_id or 0 for row in rows)

    def before_publication(self) -> None:
        """A budget, a quota or a limit that is new counts what was sold before it was set."""
        self.spent_fen = spent_by_uses(self)
        used = DiscountUse.objects.filter(item=OuterRef("pk"), released_at=None).order_by()
        units = Coalesce(Subquery(used.values("item").annotate(n=Sum("units")).values("n")), 0)
        _count(
            self.items.filter(quota__isnull=False), "quota", taken=units, refusal=_("More than that are sold already.")
        )
        standing = DiscountUse.objects.filter(
            item__discount=self, item__limit_per_member__isnull=False, released_at=None
        ).order_by()
        MemberTally.objects.bulk_create(
            (MemberTally(**row) for row in standing.values("item_id", "member_id").annotate(units=Sum("units"))),
            update_conflicts=True,
            unique_fields=["item", "member"],
            update_fields=["units"],
        )

    def clone_children(self, source: Any) -> None:
        for row in source.items.order_by("pk"):
            row.pk, row.discount, row.taken = None, self, 0
            row.save(force_insert=True)


class TimedDiscountItem(models.Model):
    """A price for one SKU, one product, or all goods of a category. Of several that fit, the narrowest holds."""

    discount = models.ForeignKey(
        TimedDiscount, models.CASCADE, related_name="items", verbose_name=_("timed discount"), db_index=False
    )
    sku = models.ForeignKey(
        Sku, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("SKU"), db_index=False
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product"), db_index=False
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category"), db_index=False
    )
    price_fen = models.PositiveIntegerField(_("price (fen)"), null=True, blank=True)
    off_bp = models.PositiveIntegerField(_("off (bp)"), null=True, blank=True)
    quota = models.PositiveIntegerField(_("units in all"), null=True, blank=True)
    limit_per_member = models.PositiveIntegerField(_("units per member"), null=True, blank=True)
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["taken"])

    class Meta:
        verbose_name = _("discounted goods")
        verbose_name_plural = _("discounted goods")
        constraints = [
            models.CheckConstraint(
                condition=Q(sku__isnull=False, product__isnull=True, category__isnull=True)
                | Q(sku__isnull=True, product__isnull=False, category__isnull=True)
                | Q(sku__isnull=True, product__isnull=True, category__isnull=False),
                name="discount_item_names_one",
                violation_error_message=_("Name a SKU, a product or a category: one of them."),
            ),
            models.CheckConstraint(
                condition=Q(price_fen__isnull=False, off_bp__isnull=True, category__isnull=True)
                | Q(price_fen__isnull=True, off_bp__isnull=False),
                name="discount_item_price_or_share",
                violation_error_message=_("Give a price or a share off; a category has a share off."),
            ),
            models.CheckConstraint(
                condition=Q(off_bp__isnull=True) | Q(off_bp__gt=0, off_bp__lte=WHOLE_BP),
                name="discount_item_share",
                violation_error_message=_("A share off lies between 0 and 100 percent."),
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(taken__lte=F("quota")),
                name="discount_item_in_quota",
                violation_error_message=_("More than that are sold already."),
            ),
            models.UniqueConstraint(
                fields=["discount", "sku", "product", "category"], nulls_distinct=False, name="discount_item_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.sku or self.product or self.category)


class SpendOffer(ScopeFields, StackingFields, Campaign):
    """Spend so much, or buy so many, of the goods in scope, and get what the highest tier reached gives."""

    KIND = Mechanism.SPEND_OFFER.value
    BUDGET_COUNTS = _(
        "What it takes off orders, the freight it pays, and its gifts at cost, also in unpaid orders; it stops when"
        " this is spent."
    )
    PARTS = ("tiers__gift_sku__product",)

    class CountedBy(models.TextChoices):
        AMOUNT = Measure.AMOUNT.value, _("Amount spent")
        COUNT = Measure.COUNT.value, _("Number of units")

    measure = models.CharField(_("counted by"), max_length=10, choices=CountedBy, default=CountedBy.AMOUNT)
    repeats = models.BooleanField(
        _("for every full one"),
        default=False,
        help_text=_("Amounts off and gifts are given as often as the threshold fits in."),
    )
    cap_fen = models.PositiveIntegerField(
        _("at most off (fen)"), null=True, blank=True, help_text=_("Of one order. Blank: no cap.")
    )

    class Meta(Campaign.Meta):
        verbose_name = _("spend offer")
        verbose_name_plural = _("spend offers")

    def is_used_up(self) -> bool:
        return super().is_used_up() and not has_unpaid_uses(self)

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return orders_with_uses(self)

    def depth_bp(self) -> int:
        return depth.of_tiers(self.tiers.select_related("gift_sku"), scope=self.reach(category_paths()))

    def lacks(self) -> Sequence[Any]:
        rows = list(self.tiers.all())
        if not rows:
            return [_("Say from what amount or number on it gives what.")]
        by_amount = self.measure == self.CountedBy.AMOUNT
        if any((row.threshold_fen is None) == by_amount for row in rows):
            return [_("Every tier is counted as the offer is: by amount or by number.")]
        return []

    def touch_catalogue(self) -> None:
        if self.category_ids or self.sku_ids or not self.product_ids:
            touch_listing()
        else:
            touch_products(self.product_ids)

    def before_publication(self) -> None:
        """A budget or a quota that is new counts what was given before it was set."""
        self.spent_fen = spent_by_uses(self)
        used = DiscountUse.objects.filter(tier=OuterRef("pk"), released_at=None).order_by()
        units = Coalesce(Subquery(used.values("tier").annotate(n=Sum("units")).values("n")), 0)
        limited = self.tiers.filter(gift_quota__isnull=False)
        _count(limited, "gift_quota", gifts_given=units, refusal=_("More than that are given already."))

    def clone_children(self, source: Any) -> None:
        for row in source.tiers.order_by("pk"):
            row.pk, row.offer, row.gifts_given = None, self, 0
            row.save(force_insert=True)


class SpendOfferTier(models.Model):
    """What is given from a threshold on: an amount or a share off, free shipping, a gift."""

    offer = models.ForeignKey(
        SpendOffer, models.CASCADE, related_name="tiers", verbose_name=_("spend offer"), db_index=False
    )
    threshold_fen = models.PositiveIntegerField(_("from an amount of (fen)"), null=True, blank=True)
    threshold_units = models.PositiveIntegerField(_("from so many units"), null=True, blank=True)
    off_fen = models.PositiveIntegerField(_("amount off (fen)"), default=0, blank=True)
    off_bp = models.PositiveIntegerField(_("off (bp)"), default=0, blank=True)
    free_shipping = models.BooleanField(_("free shipping"), default=False)
    gift_sku = models.ForeignKey(
        Sku, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("gift"), db_index=False
    )
    gift_quantity = models.PositiveIntegerField(_("units of the gift"), default=1)
    gift_quota = models.PositiveIntegerField(_("gifts in all"), null=True, blank=True)
    gifts_given = models.PositiveIntegerField(_("gifts given"), default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["gifts_given"])

    class Meta:
        verbose_name = _("tier of a spend offer")
        verbose_name_plural = _("tiers of a spend offer")
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold_fen__gt=0, threshold_units__isnull=True)
                | Q(threshold_fen__isnull=True, threshold_units__gt=0),
                name="offer_tier_has_one_threshold",
                violation_error_message=_("Name an amount or a number of units: one of them."),
            ),
            models.CheckConstraint(
                condition=Q(off_fen__gt=0) | Q(off_bp__gt=0) | Q(free_shipping=True) | Q(gift_sku__isnull=False),
                name="offer_tier_gives_something",
                violation_error_message=_("Say what it gives."),
            ),
            models.CheckConstraint(
                condition=Q(off_bp__lte=WHOLE_BP) & (Q(off_fen=0) | Q(off_bp=0)),
                name="offer_tier_amount_or_share",
                violation_error_message=_("An amount or a share off, not both."),
            ),
            models.CheckConstraint(
                condition=Q(threshold_fen__isnull=True) | Q(off_fen__lte=F("threshold_fen")),
                name="offer_tier_within_threshold",
                violation_error_message=_("No more can be taken off than was spent."),
            ),
            models.CheckConstraint(
                condition=Q(gift_quota__isnull=True) | Q(gifts_given__lte=F("gift_quota")),
                name="offer_tier_gifts_in_quota",
                violation_error_message=_("More than that are given already."),
            ),
            models.CheckConstraint(condition=Q(gift_quantity__gt=0), name="offer_tier_gift_counts"),
            models.UniqueConstraint(
                fields=["offer", "threshold_fen", "threshold_units"], nulls_distinct=False, name="offer_tier_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.threshold}"

    @property
    def threshold(self) -> int:
        """In fen or in units, as the offer is counted."""
        return self.threshold_fen or self.threshold_units or 0


class DiscountUse(models.Model):
    """What one order took: units of an item for each SKU, or an offer with its gifts. Written by services only."""

    order_number = models.CharField(_("order"), max_length=40)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="discount_uses", verbose_name=_("member"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20)
    campaign_id = models.BigIntegerField(_("campaign"))
    item = models.ForeignKey(
        TimedDiscountItem, models.PROTECT, null=True, related_name="uses", verbose_name=_("discounted goods")
    )
    tier = models.ForeignKey(
        SpendOfferTier, models.PROTECT, null=True, related_name="uses", verbose_name=_("tier of a spend offer")
    )
    # Of an item the units at its price, of a tier the units of its gift.
    sku_id = models.BigIntegerField(_("SKU"), null=True)
    units = models.PositiveIntegerField(_("units"), default=0)
    discount_fen = models.PositiveIntegerField(_("discount (fen)"), default=0)
    # What it cost the shop: the discount, or what the gift was bought for.
    cost_fen = models.PositiveIntegerField(_("cost (fen)"), default=0)
    # What was paid for the whole order, once it was.
    revenue_fen = models.PositiveBigIntegerField(_("revenue (fen)"), default=0)
    used_at = models.DateTimeField(_("used at"))
    confirmed_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    class Meta:
        verbose_name = _("use of a discount")
        verbose_name_plural = _("uses of discounts")
        constraints = [
            models.UniqueConstraint(
                fields=["order_number", "kind", "campaign_id", "item", "tier", "sku_id"],
                nulls_distinct=False,
                name="discount_use_once",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="discount_use_by_member"),
            models.Index(fields=["kind", "campaign_id"], name="discount_use_by_campaign"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.kind} {self.campaign_id}"


class MemberTally(models.Model):
    """How many units of an item with a limit a member has taken."""

    item = models.ForeignKey(
        TimedDiscountItem, models.CASCADE, related_name="tallies", verbose_name=_("discounted goods"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="discount_tallies", verbose_name=_("member"))
    units = models.PositiveIntegerField(_("units"))

    class Meta:
        verbose_name = _("member's tally")
        verbose_name_plural = _("members' tallies")
        constraints = [models.UniqueConstraint(fields=["item", "member"], name="member_tally_once")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.member_id}: {self.units}"


def _count(rows: models.QuerySet[Any], limit: str, *, refusal: Any, **counted: Any) -> None:
    """Write what was counted of each row into its counter. Raises CampaignIncomplete where that is beyond a limit."""
    [used] = counted.values()
    if rows.filter(**{f"{limit}__lt": used}).exists():
        raise CampaignIncomplete(reasons=str(refusal))
    rows.update(**counted)


def spent_by_uses(campaign: Campaign) -> int:
    """What it has cost in the orders that stand: taken off them, or given with them."""
    uses = DiscountUse.objects.filter(kind=campaign.KIND, campaign_id=campaign.pk, released_at=None)
    return uses.aggregate(fen=Sum("cost_fen", default=0))["fen"]


def orders_with_uses(campaign: Campaign) -> models.QuerySet[Any, Any]:
    return DiscountUse.objects.filter(kind=campaign.KIND, campaign_id=campaign.pk).values("order_number")


def has_unpaid_uses(campaign: Campaign) -> bool:
    """Whether orders that may yet be given up hold some of it."""
    uses = DiscountUse.objects.filter(kind=campaign.KIND, campaign_id=campaign.pk)
    return uses.filter(released_at=None, confirmed_at=None).exists()
