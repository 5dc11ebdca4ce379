"""What the merchant makes: what a coupon is worth, for which goods, how long, and how members come by it."""

import operator
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from typing import Any, NamedTuple

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.models import Campaign
from promotions.campaigns.scopes import ScopeFields
from promotions.campaigns.stacking import StackingFields
from promotions.coupons import validity
from promotions.pricing.model import WHOLE_BP, Mechanism
from promotions.pricing.scopes import Scope
from shop.catalog.models import Sku

# What somebody who holds a coupon relies on.
PROMISES = (
    "kind",
    "threshold_fen",
    "threshold_count",
    "amount_off_fen",
    "percent_off_bp",
    "most_off_fen",
    "exchange_sku_id",
    "exchange_price_fen",
    "category_ids",
    "product_ids",
    "sku_ids",
    "excluded_category_ids",
    "excluded_product_ids",
    "excluded_sku_ids",
    "use_in",
    "refuses",
)


class Halted(models.TextChoices):
    """What the staff has done to the coupons that members hold; see `models.halts`."""

    NO = "", _("Can be used")
    SUSPENDED = "suspended", _("Suspended")
    VOID = "void", _("Void")


class MemberLimits(NamedTuple):
    """How many coupons of a template one member may have: in all, and in the period that begins on a day."""

    most: int | None
    period_start: date | None
    most_in_period: int | None


class CouponTemplate(ScopeFields, StackingFields, Campaign):
    """Its window as a campaign is when coupons are given out; how long a coupon is valid stands in `validity`.

    `spent_fen` is what all coupons given out can cost at most: a budget is kept by giving out no more, never by
    breaking the promise to somebody who holds one.
    """

    KIND = Mechanism.COUPON.value
    BUDGET_COUNTS = _(
        "What every coupon given out takes off at most, used or not, freight included; none is given out beyond this."
    )

    ACTS_BY_ITSELF = False

    class Kind(models.TextChoices):
        AMOUNT = "amount", _("Amount off")
        PERCENT = "percent", _("Percent off")
        FREE_SHIPPING = "free_shipping", _("Free shipping")
        EXCHANGE = "exchange", _("Exchange for goods")

    class UseIn(models.TextChoices):
        ONLINE = "online", _("Online")
        STORE = "store", _("In stores")
        ANYWHERE = "anywhere", _("Online and in stores")

    class Validity(models.TextChoices):
        DATES = "dates", _("Between two dates")
        AFTER_CLAIM = "after_claim", _("So many days after it was claimed")

    class Way(models.TextChoices):
        CLAIM = "claim", _("Members claim it")
        NEWCOMER = "newcomer", _("Given on registration")
        TIER = "tier", _("Given on reaching a tier")
        BIRTHDAY = "birthday", _("Given on the birthday")
        INVITATION = "invitation", _("Given for a settled invitation")
        PURCHASE = "purchase", _("Given after a purchase")
        CODES = "codes", _("Redeemed with a code")
        HAND_OUT = "hand_out", _("Handed out by the staff")
        REWARD = "reward", _("Won in another campaign")

    class Moment(models.TextChoices):
        PAYMENT = "payment", _("On payment")
        COMPLETION = "completion", _("On completion")

    class Period(models.TextChoices):
        DAY = validity.Period.DAY, _("day")
        WEEK = validity.Period.WEEK, _("week")
        MONTH = validity.Period.MONTH, _("month")
        YEAR = validity.Period.YEAR, _("year")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.AMOUNT)
    amount_off_fen = models.PositiveIntegerField(_("amount off (fen)"), null=True, blank=True)
    percent_off_bp = models.PositiveIntegerField(
        _("percent off (bp)"), null=True, blank=True, help_text=_("15 takes fifteen percent off.")
    )
    most_off_fen = models.PositiveIntegerField(_("at most (fen)"), null=True, blank=True, help_text=_("Blank: no cap."))
    exchange_sku = models.ForeignKey(
        Sku,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("SKU to exchange for"),
        help_text=_("One unit of it; it must be in the cart."),
    )
    exchange_price_fen = models.PositiveIntegerField(
        _("price to pay for it (fen)"), default=0, blank=True, help_text=_("Blank: it is free.")
    )
    threshold_fen = models.PositiveIntegerField(
        _("from an amount of (fen)"), default=0, blank=True, help_text=_("Blank: any amount.")
    )
    threshold_count = models.PositiveIntegerField(_("from so many units"), default=0, help_text=_("0: any number."))

    use_in = models.CharField(_("where it can be used"), max_length=10, choices=UseIn, default=UseIn.ONLINE)

    validity = models.CharField(_("valid"), max_length=12, choices=Validity, default=Validity.AFTER_CLAIM)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(
        _("valid until"), null=True, blank=True, help_text=_("The first moment without.")
    )
    valid_days = models.PositiveSmallIntegerField(
        _("days"), null=True, blank=True, help_text=_("Whole days; the rest of the day of claiming comes on top.")
    )
    delay_days = models.PositiveSmallIntegerField(
        _("begins after days"), default=0, help_text=_("0: at once. 1: with the next day.")
    )

    way = models.CharField(_("how members come by it"), max_length=12, choices=Way, default=Way.CLAIM)
    purchase_moment = models.CharField(_("when"), max_length=10, choices=Moment, default=Moment.PAYMENT)
    purchase_min_fen = models.PositiveIntegerField(
        _("for orders from (fen)"), default=0, blank=True, help_text=_("Blank: any amount.")
    )
    total_limit = models.PositiveIntegerField(_("in all"), null=True, blank=True, help_text=_("Blank: without limit."))
    claimed_count = models.PositiveIntegerField(_("claimed"), default=0, editable=False)
    per_member_limit = models.PositiveIntegerField(
        _("per member"),
        null=True,
        blank=True,
        default=1,
        help_text=_("Blank: without limit. Birthday coupons: in a year."),
    )
    period = models.CharField(_("limited per"), max_length=6, choices=Period, blank=True)
    per_period_limit = models.PositiveIntegerField(_("per member and period"), null=True, blank=True)

    halted = models.CharField(
        _("coupons of members"), max_length=10, choices=Halted, default=Halted.NO, blank=True, editable=False
    )

    class Meta(Campaign.Meta):
        verbose_name = _("coupon template")
        verbose_name_plural = _("coupon templates")
        constraints = [
            *Campaign.Meta.constraints,
            models.CheckConstraint(
                condition=Q(total_limit__isnull=True) | Q(claimed_count__lte=F("total_limit")),
                name="coupon_total_limit",
                violation_error_message=_("More than that are given already."),
            ),
            models.CheckConstraint(
                condition=(Q(per_member_limit__isnull=True) | Q(per_member_limit__gte=1))
                & (Q(period="", per_period_limit__isnull=True) | ~Q(period="") & Q(per_period_limit__gte=1)),
                name="coupon_member_limits",
            ),
            models.CheckConstraint(
                condition=Q(kind="amount", amount_off_fen__gte=1)
                | Q(kind="percent", percent_off_bp__gte=1, percent_off_bp__lt=WHOLE_BP)
                | Q(kind="exchange", exchange_sku__isnull=False)
                | Q(kind="free_shipping"),
                name="coupon_is_worth_something",
            ),
            models.CheckConstraint(
                condition=Q(validity="dates", valid_from__isnull=False, valid_until__gt=F("valid_from"))
                | Q(validity="after_claim", valid_days__gte=1),
                name="coupon_validity",
            ),
            models.CheckConstraint(condition=Q(threshold_fen=0) | Q(threshold_count=0), name="coupon_one_threshold"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="promises_stand",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__claimed_count__gt=0)
                & reduce(
                    operator.or_,
                    (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in PROMISES),
                ),
            ),
            pgtrigger.Protect(
                name="void_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__halted="void") & ~pgtrigger.Q(new__halted="void"),
            ),
        ]

    @property
    def left(self) -> int | None:
        """How many can still be claimed; None without limit."""
        return None if self.total_limit is None else self.total_limit - self.claimed_count

    def member_limits(self, *, on: date) -> MemberLimits:
        """As they count for what is given for that day. A birthday comes every year, and so does its coupon."""
        if self.way == self.Way.BIRTHDAY:
            return MemberLimits(None, validity.period_start(validity.Period.YEAR, on=on), self.per_member_limit)
        return MemberLimits(self.per_member_limit, validity.period_start(self.period, on=on), self.per_period_limit)

    @property
    def most_cost_fen(self) -> int | None:
        """What one coupon takes off at most; None where nothing bounds it."""
        if self.kind == self.Kind.AMOUNT:
            return self.amount_off_fen
        return self.most_off_fen if self.kind in (self.Kind.PERCENT, self.Kind.FREE_SHIPPING) else None

    def reach(self, paths: Mapping[int, str]) -> Scope:
        if self.kind == self.Kind.EXCHANGE:
            return Scope(skus=frozenset([self.exchange_sku_id or 0]))
        return super().reach(paths)

    def forget_past(self) -> None:
        self.claimed_count, self.halted = 0, Halted.NO

    def is_live(self, *, now: datetime) -> bool:
        return not self.halted and super().is_live(now=now)

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return self.coupons.exclude(order_number="").values("order_number")

    def depth_bp(self) -> int:
        """Of the smallest purchase that it can be used for, capped where it is capped."""
        if self.kind == self.Kind.PERCENT:
            return self.percent_off_bp or 0
        if self.kind == self.Kind.AMOUNT:
            off, from_fen = self.amount_off_fen or 0, self.threshold_fen
            return min(off * WHOLE_BP // from_fen, WHOLE_BP) if from_fen else WHOLE_BP
        return WHOLE_BP if self.kind == self.Kind.EXCHANGE else 0

    def highest_cost_fen(self) -> int | None:
        """All of its coupons, each at the most that it takes off."""
        each = self.most_cost_fen
        if self.kind == self.Kind.EXCHANGE and self.exchange_sku:
            each = max(self.exchange_sku.price_fen - self.exchange_price_fen, 0)
        return None if each is None or self.total_limit is None else each * self.total_limit

    def lacks(self) -> Sequence[Any]:
        found = []
        if self.halted == Halted.VOID:
            found.append(_("Its coupons were made void for good: clone it instead."))
        if self.halted == Halted.SUSPENDED:
            found.append(_("Its coupons are suspended: let them be used again first."))
        if self.budget_fen is not None and self.most_cost_fen is None:
            found.append(_("A budget needs a coupon of which it is known what it takes off at most."))
        if self.kind == self.Kind.FREE_SHIPPING and self.use_in != self.UseIn.ONLINE:
            found.append(_("Free shipping is for online orders only."))
        if self.way == self.Way.TIER and not self.tier_ids:
            found.append(_("Say on reaching which tiers it is given."))
        if self.validity == self.Validity.DATES and self.valid_until and self.valid_until <= self.starts_at:
            found.append(_("It would be over before it can be claimed."))
        return found
