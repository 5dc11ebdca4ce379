"""What is to be had for points, where it is shown, and what it costs whom."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.tiers.models import Tier
from points.mall.models.slots import Resource
from shop.catalog.models import Product, Sku

MOST_POINTS = 100_000_000
WEEKDAYS = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)


class Window(models.Model):
    """Shown from and until, and to be redeemed from and until: half-open, without an end where there is none."""

    visible_from = models.DateTimeField(_("shown from"), null=True, blank=True)
    visible_until = models.DateTimeField(_("shown until"), null=True, blank=True)
    starts_at = models.DateTimeField(_("redeemed from"), null=True, blank=True)
    ends_at = models.DateTimeField(
        _("redeemed until"), null=True, blank=True, help_text=_("The first moment without it.")
    )

    class Meta:
        abstract = True


class Zone(Window):
    """A shelf of the points mall: a festival, a partner's brand, or what is for members of chosen tiers.

    On exchange days alone its rewards are redeemed, where it has any. `pool` is how many units its rewards share.
    """

    class Theme(models.TextChoices):
        EVERYDAY = "everyday", _("Everyday")
        FESTIVAL = "festival", _("Festival")
        CO_BRAND = "co_brand", _("Co-branded")
        MEMBERS = "members", _("Members' zone")

    name = models.CharField(_("name"), max_length=60)
    theme = models.CharField(
        _("theme"),
        max_length=10,
        choices=Theme,
        default=Theme.EVERYDAY,
        help_text=_("The members' zone is for tiers with the benefit of an exclusive zone."),
    )
    intro = models.CharField(_("words for members"), max_length=200, blank=True)
    position = models.IntegerField(_("position"), default=0, help_text=_("Smaller numbers come first."))
    is_active = models.BooleanField(_("shown"), default=True)
    month_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(31)]),
        verbose_name=_("exchange days of the month"),
        default=list,
        blank=True,
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=WEEKDAYS),
        verbose_name=_("exchange days of the week"),
        default=list,
        blank=True,
    )
    pool = models.PositiveIntegerField(
        _("units in all"),
        null=True,
        blank=True,
        help_text=_("Shared by its rewards. Blank: each has what it has."),
    )
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["taken"])

    class Meta:
        verbose_name = _("zone of the points mall")
        verbose_name_plural = _("zones of the points mall")
        constraints = [
            models.CheckConstraint(
                condition=Q(pool__isnull=True) | Q(taken__lte=F("pool")),
                name="mall_zone_in_pool",
                violation_error_message=_("More than that are taken already."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="mall_zone_window",
                violation_error_message=_("A window ends after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Period(models.TextChoices):
    DAY = "day", _("A day")
    WEEK = "week", _("A week")
    MONTH = "month", _("A month")


class Reward(Window):
    """A SKU for points, or for points and money. What is no goods sells a SKU that needs no parcel.

    `points` and `price_fen` of each unit are paid by whoever has no price of their tier. Without tiers and segments it
    is for everybody. `quota` is how many there are: of codes as many as were imported.
    """

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SERVICE = "service", _("Service")
        CODE = "code", _("Code")
        COUPON = "coupon", _("Coupon")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")

    class NoShow(models.TextChoices):
        FORFEIT = "forfeit", _("The voucher is used up")
        REBOOK = "rebook", _("It may be booked again while the voucher is valid")

    SKU_KINDS = {
        Kind.GOODS: Product.Kind.GOODS,
        Kind.SERVICE: Product.Kind.SERVICE,
        Kind.CODE: Product.Kind.VIRTUAL,
        Kind.COUPON: Product.Kind.VIRTUAL,
    }

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.GOODS)
    name = models.CharField(_("name"), max_length=80)
    intro = models.TextField(_("words for members"), blank=True, max_length=2000)
    sku = models.ForeignKey(
        Sku,
        models.PROTECT,
        related_name="+",
        verbose_name=_("SKU"),
        help_text=_(
            "Its price is what the reward is worth. Of services a SKU of a service, of codes and coupons one of a "
            "virtual product; those need not be on the shelf."
        ),
    )
    zone = models.ForeignKey(
        Zone, models.PROTECT, related_name="rewards", verbose_name=_("zone"), null=True, blank=True
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT, editable=False)
    position = models.IntegerField(_("position"), default=0, help_text=_("Smaller numbers come first."))
    points = models.PositiveIntegerField(_("points"), default=0, validators=[MaxValueValidator(MOST_POINTS)])
    price_fen = models.PositiveIntegerField(_("and money (fen)"), default=0, blank=True)
    tier_ids = ArrayField(models.BigIntegerField(), verbose_name=_("tiers"), default=list, blank=True)
    segment_ids = ArrayField(models.BigIntegerField(), verbose_name=_("segments"), default=list, blank=True)
    quota = models.PositiveIntegerField(
        _("units in all"), null=True, blank=True, help_text=_("Blank: as many as there are. Of codes, those imported.")
    )
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    low_at = models.PositiveIntegerField(
        _("warn below"),
        null=True,
        blank=True,
        help_text=_("Warned once fewer units are left. Blank: never."),
    )
    limit_per_member = models.PositiveIntegerField(
        _("units per member"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Blank: any.")
    )
    limit_per_period = models.PositiveIntegerField(
        _("units per member and period"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    period = models.CharField(_("period"), max_length=6, choices=Period, default=Period.MONTH)
    freight_is_free = models.BooleanField(_("sent without freight"), default=False)
    resource = models.ForeignKey(
        Resource,
        models.PROTECT,
        related_name="rewards",
        verbose_name=_("bookable resource"),
        null=True,
        blank=True,
        help_text=_("Blank: a voucher that is used without a booking."),
    )
    valid_days = models.PositiveSmallIntegerField(
        _("voucher valid for days"), default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    reschedule_hours = models.PositiveSmallIntegerField(
        _("hours before the start to move a booking"), default=24, help_text=_("Later it is not moved any more.")
    )
    cancel_hours = models.PositiveSmallIntegerField(
        _("hours before the start to cancel a booking"), default=24, help_text=_("Later it is not cancelled any more.")
    )
    no_show = models.CharField(_("who does not come"), max_length=8, choices=NoShow, default=NoShow.FORFEIT)
    live_since = models.DateTimeField(_("first live at"), null=True, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["taken"])

    class Meta:
        verbose_name = _("reward of the points mall")
        verbose_name_plural = _("rewards of the points mall")
        constraints = [
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(taken__lte=F("quota")),
                name="mall_reward_in_quota",
                violation_error_message=_("More than that are taken already."),
            ),
            models.CheckConstraint(
                condition=Q(points__gt=0),
                name="mall_reward_costs_points",
                violation_error_message=_("A reward costs points, with or without money."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="mall_reward_window",
                violation_error_message=_("A window ends after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(resource__isnull=True) | Q(kind="service"),
                name="mall_reward_books_services",
                violation_error_message=_("Only services are booked."),
            ),
        ]
        indexes = [
            models.Index(fields=["position", "id"], condition=Q(status="live"), name="mall_reward_listed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int | None:
        return None if self.quota is None else self.quota - self.taken

    def clean(self) -> None:
        found: dict[str, Any] = {}
        if self.sku_id is not None and self.sku.product.kind != self.SKU_KINDS[self.Kind(self.kind)]:
            found["sku"] = _("A reward of this kind sells a SKU of another kind of product.")
        elif self.sku_id is not None and (self.price_fen or 0) > self.sku.price_fen:
            found["price_fen"] = _("With money alone the goods cost less.")
        if self.kind == self.Kind.CODE and self.pk is None:
            self.quota = 0
        if found:
            raise ValidationError(found)

    def lacks(self) -> Sequence[Any]:
        """Why it cannot go live yet."""
        if self.kind == self.Kind.CODE and not self.quota:
            return [_("Import its codes first.")]
        return []


class RewardPrice(models.Model):
    """What a unit costs members of a tier, instead of what it costs everybody."""

    reward = models.ForeignKey(Reward, models.CASCADE, related_name="prices", verbose_name=_("reward"), db_index=False)
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("tier"))
    points = models.PositiveIntegerField(_("points"), validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)])
    price_fen = models.PositiveIntegerField(_("and money (fen)"), default=0, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("price of a tier")
        verbose_name_plural = _("prices of tiers")
        constraints = [models.UniqueConstraint(fields=["reward", "tier"], name="mall_price_once")]

    def __str__(self) -> str:
        return f"{self.reward} · {self.tier}"

    def clean(self) -> None:
        if self.reward.sku_id is not None and (self.price_fen or 0) > self.reward.sku.price_fen:
            raise ValidationError({"price_fen": _("With money alone the goods cost less.")})
