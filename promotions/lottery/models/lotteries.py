"""A lottery with its prizes, and its odds as they were published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from points.ledger.queries import points_worth_fen
from promotions.campaigns.models import Campaign
from promotions.campaigns.platform_rules import Traits
from promotions.campaigns.scopes import GONE
from promotions.coupons.models import CouponTemplate
from promotions.lottery.models.statuses import PUT_BACK, WinStatus
from promotions.lottery.models.triggers import PRIZES_STAY, RULES, RULES_STAY, VERSIONS_STAY
from promotions.lottery.odds import canonical, digest_of
from promotions.pricing.scopes import Scope
from shop.catalog.models import Sku, SkuStock
from shop.core import clock
from shop.core.clock import business_day

MOST_PRIZES = 20
# Weights are shares of their sum: no lottery needs finer ones, and a sum of them is far from the limits of a number.
MOST_WEIGHT = 100_000_000


class Moment(models.TextChoices):
    PAYMENT = "payment", _("When it is paid")
    COMPLETION = "completion", _("When the member has the goods")


class Lottery(Campaign):
    """A draw is paid with a chance, with points, or with either, a chance first where there is one. Once it has begun
    its published rules and prizes stay as they are, in drafts too.

    The budget is spent by what prizes are worth: points at the shop's rate, goods and codes as the merchant says;
    a coupon is on the budget of its own template.
    """

    KIND = "lottery"
    BUDGET_COUNTS = _("What the prizes won cost; none is won beyond this.")
    ACTS_BY_ITSELF = False

    intro = models.CharField(_("introduction"), max_length=500, blank=True)
    takes_chances = models.BooleanField(_("drawn with chances"), default=True)
    points_per_draw = models.PositiveIntegerField(
        _("points for a draw"), null=True, blank=True, help_text=_("Blank: points buy no draw.")
    )
    draws_per_day = models.PositiveSmallIntegerField(
        _("draws a day"),
        null=True,
        blank=True,
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_("Of one member. Blank: no limit."),
    )
    draws_in_all = models.PositiveIntegerField(
        _("draws in all"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Of one member. Blank: no limit."),
    )
    prizes_per_day = models.PositiveIntegerField(
        _("prizes a day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Of all prizes but the one for the rest. Blank: no limit."),
    )
    day = models.DateField(_("day of the last prize"), null=True, editable=False)
    prizes_of_day = models.PositiveIntegerField(_("prizes of that day"), default=0, editable=False)
    # Kept by the database: its start has come while it was published.
    has_begun = models.BooleanField(_("has begun"), default=False, editable=False)
    claim_days = models.PositiveSmallIntegerField(
        _("days to claim goods"),
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Goods that are not ordered in time go back among the prizes."),
    )
    check_in_chances = models.PositiveSmallIntegerField(_("chances for a check-in"), default=0)
    invitation_chances = models.PositiveSmallIntegerField(
        _("chances for a friend who registered"), default=0, help_text=_("For the friend, never for sharing as such.")
    )
    order_chances = models.PositiveSmallIntegerField(_("chances for an order"), default=0)
    order_least_fen = models.PositiveIntegerField(
        _("from so much paid for goods (fen)"), default=0, blank=True, validators=[MaxValueValidator(10**9)]
    )
    order_moment = models.CharField(
        _("given for an order"),
        max_length=10,
        choices=Moment,
        default=Moment.COMPLETION,
        help_text=_("A refund takes back chances that are not used yet."),
    )
    review_chances = models.PositiveSmallIntegerField(_("chances for a review"), default=0)

    class Meta(Campaign.Meta):
        verbose_name = _("lottery")
        verbose_name_plural = _("lotteries")
        constraints = [
            *Campaign.Meta.constraints,
            models.CheckConstraint(
                condition=Q(prizes_per_day__isnull=True) | Q(prizes_of_day__lte=F("prizes_per_day")),
                name="lottery_prizes_in_day",
            ),
            models.CheckConstraint(
                condition=Q(points_per_draw__isnull=True) | Q(points_per_draw__gt=0),
                name="lottery_points_or_none",
                violation_error_message=_("Leave the points blank where none are asked for."),
            ),
        ]
        triggers = [RULES_STAY]

    def clean(self) -> None:
        """What was given on a day is over with it."""
        super().clean()
        if self.day != business_day(clock.now()):
            self.prizes_of_day = 0
        elif self.prizes_per_day is not None and self.prizes_of_day > self.prizes_per_day:
            raise ValidationError({"prizes_per_day": _("More than that are given today already.")})

    def promised(self) -> frozenset[str]:
        return frozenset(RULES) if self.has_begun else frozenset()

    def is_used_up(self) -> bool:
        """What waits to be claimed may come back."""
        return super().is_used_up() and not self.draws.filter(win__status=WinStatus.WAITING).exists()

    def _spent_by_wins(self) -> int:
        wins = self.draws.exclude(win__status__in=PUT_BACK)
        return wins.aggregate(fen=Sum("win__cost_fen", default=0))["fen"]

    def reach(self, paths: Any) -> Scope:
        return Scope(categories=frozenset([GONE]))

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return self.prizes.filter(wins__order_number__gt="").values_list("wins__order_number")

    def depth_bp(self) -> int:
        return 0

    def gives_to_all(self) -> bool:
        return any(each.cost_fen for each in self.prizes.filter(is_fallback=True))

    def highest_cost_fen(self) -> int | None:
        """All of every prize, points for the rest without end; a coupon's cost is on its own template."""
        costly = [each for each in self.prizes.select_related("sku") if each.cost_fen]
        if any(each.stock is None for each in costly):
            return None
        return sum((each.stock or 0) * each.cost_fen for each in costly)

    def traits(self, *, now: datetime) -> Traits:
        """The odds are published with it: there is no lottery without."""
        prizes = self.prizes.select_related("sku")
        return Traits(draws=True, highest_prize_fen=max((each.worth_at_most_fen for each in prizes), default=0))

    def lacks(self) -> Sequence[Any]:
        prizes = list(self.prizes.select_related("template", "sku").order_by("pk"))
        found: list[Any] = []
        if not self.takes_chances and not self.points_per_draw:
            found.append(_("Say what a draw costs: a chance or points."))
        if not any(each.is_fallback for each in prizes):
            found.append(_("Name the prize that everybody gets who wins nothing else."))
        if not any(each.weight for each in prizes if not each.is_fallback):
            found.append(_("Name at least one prize with a weight besides it."))
        if len(prizes) > MOST_PRIZES:
            found.append(_("At most {limit} prizes.").format(limit=MOST_PRIZES))
        left = _left_in_the_shop(prizes)
        return [*found, *(sentence for each in prizes for sentence in each.lacks(left))]

    def before_publication(self) -> None:
        """The odds of this revision, for everybody to check a draw by; a budget that is new counts what was given."""
        if self.budget_fen is not None:
            self.spent_fen = self._spent_by_wins()
        prizes = self.prizes.select_related("sku").order_by("pk")
        document = canonical(self.rules(), [each.published() for each in prizes])
        OddsVersion.objects.create(lottery=self, version=self.revision, document=document, digest=digest_of(document))

    def rules(self) -> dict[str, Any]:
        """What is published besides the prizes."""
        told = {name: getattr(self, name) for name in RULES}
        moments = {name: value.isoformat() for name, value in told.items() if isinstance(value, datetime)}
        return {"lottery": self.pk, "version": self.revision, **told, **moments}

    def clone_children(self, source: Any) -> None:
        """Codes stay where they are: a code prize of the clone begins without any."""
        for row in source.prizes.order_by("pk"):
            row.pk, row.lottery = None, self
            row.won, row.won_of_day, row.day = 0, 0, None
            row.stock = 0 if row.kind == Prize.Kind.CODE else row.stock
            row.save(force_insert=True)
        Lottery.objects.filter(pk=self.pk).update(day=None, prizes_of_day=0)


class Prize(models.Model):
    """Drawn with its weight's share of all weights. The fallback is what is given where nothing else can be."""

    class Kind(models.TextChoices):
        POINTS = "points", _("Points")
        COUPON = "coupon", _("A coupon")
        GOODS = "goods", _("Goods, to be ordered")
        CODE = "code", _("A code from elsewhere")
        NONE = "none", _("Nothing, with a friendly word")

    lottery = models.ForeignKey(
        Lottery, models.CASCADE, related_name="prizes", verbose_name=_("lottery"), db_index=False
    )
    name = models.CharField(_("name"), max_length=60)
    image = models.ImageField(_("picture"), upload_to="lottery/", blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.POINTS)
    weight = models.PositiveIntegerField(
        _("weight"),
        default=0,
        validators=[MaxValueValidator(MOST_WEIGHT)],
        help_text=_("Its share of all weights together is how likely it is drawn."),
    )
    is_fallback = models.BooleanField(
        _("for the rest"),
        default=False,
        help_text=_(
            "Given instead of a prize that is gone, paced out or beyond the budget. Its points are on the budget too:"
            " once that does not reach for them, nothing is given."
        ),
    )
    stock = models.PositiveIntegerField(
        _("how many"), null=True, blank=True, help_text=_("Blank: no limit. Of codes as many as are imported.")
    )
    per_day = models.PositiveIntegerField(
        _("at most a day"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Blank: no limit.")
    )
    worth_fen = models.PositiveIntegerField(
        _("worth (fen)"),
        default=0,
        blank=True,
        help_text=_("Of goods or a code; counts towards the budget. Blank or 0: the price of the goods."),
    )
    points = models.PositiveIntegerField(_("points"), default=0, blank=True)
    template = models.ForeignKey(
        CouponTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("coupon"),
        limit_choices_to={"way": CouponTemplate.Way.REWARD},
        help_text=_("A template whose coupons are given by other campaigns."),
    )
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("goods"))
    freight_is_free = models.BooleanField(_("sent without freight"), default=True)
    won = models.PositiveIntegerField(_("given"), default=0, editable=False)
    day = models.DateField(_("day of the last one"), null=True, editable=False)
    won_of_day = models.PositiveIntegerField(_("given on that day"), default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["won", "day", "won_of_day"])

    class Meta:
        verbose_name = _("prize")
        verbose_name_plural = _("prizes")
        constraints = [
            models.UniqueConstraint(fields=["lottery", "name"], name="prize_name_once"),
            models.UniqueConstraint(
                fields=["lottery"],
                condition=Q(is_fallback=True),
                name="prize_fallback_once",
                violation_error_message=_("One prize is for the rest."),
            ),
            models.CheckConstraint(
                condition=Q(is_fallback=False)
                | Q(kind__in=["points", "none"], stock__isnull=True, per_day__isnull=True),
                name="prize_fallback_has_no_limit",
                violation_error_message=_("What is for the rest never runs out: points or nothing, without limit."),
            ),
            models.CheckConstraint(condition=Q(stock__isnull=True) | Q(won__lte=F("stock")), name="prize_in_stock"),
            models.CheckConstraint(
                condition=Q(per_day__isnull=True) | Q(won_of_day__lte=F("per_day")), name="prize_in_day"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["points", "coupon", "none"]) | Q(stock__isnull=False),
                name="prize_that_is_sent_is_counted",
                violation_error_message=_("Say how many there are of goods and of codes."),
            ),
        ]
        triggers = [PRIZES_STAY]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What was chosen for a kind that it is not any more would be given by nobody."""
        kind = self.Kind
        if self.kind != kind.POINTS:
            self.points = 0
        if self.kind != kind.COUPON:
            self.template = None
        if self.kind != kind.GOODS:
            self.sku, self.freight_is_free = None, True
        if self.kind not in (kind.GOODS, kind.CODE):
            self.worth_fen = 0

    @property
    def is_counted(self) -> bool:
        """Whether anything limits it: otherwise nobody waits at its row."""
        return self.stock is not None or self.per_day is not None

    @property
    def left(self) -> int | None:
        return None if self.stock is None else self.stock - self.won

    @property
    def cost_fen(self) -> int:
        """What one takes of the budget; a coupon is on that of its own template."""
        if self.kind == self.Kind.POINTS:
            return points_worth_fen(self.points)
        if self.kind == self.Kind.GOODS:
            return self.worth_fen or (self.sku.price_fen if self.sku is not None else 0)
        return self.worth_fen if self.kind == self.Kind.CODE else 0

    @property
    def worth_at_most_fen(self) -> int:
        """As the law sees it: goods at their price even where the merchant counts less."""
        price_fen = self.sku.price_fen if self.kind == self.Kind.GOODS and self.sku is not None else 0
        return max(self.cost_fen, self.worth_fen, price_fen)

    def published(self) -> dict[str, Any]:
        return {
            "id": self.pk,
            "name": self.name,
            "kind": self.kind,
            "weight": self.weight,
            "stock": self.stock,
            "per_day": self.per_day,
            "worth_fen": self.worth_at_most_fen,
            "is_fallback": self.is_fallback,
        }

    def lacks(self, left_in_the_shop: dict[int, int]) -> list[Any]:
        kind = self.Kind
        empty = {
            kind.POINTS: not self.points and _("“{prize}”: say how many points."),
            kind.COUPON: self.template_id is None and _("“{prize}”: choose the coupon."),
            kind.GOODS: self.sku_id is None and _("“{prize}”: choose the goods."),
            kind.CODE: not self.stock and _("“{prize}”: import its codes first."),
            kind.NONE: None,
        }[kind(self.kind)]
        promised = self.kind == kind.GOODS and self.sku_id is not None
        if promised and (self.left or 0) > left_in_the_shop.get(self.sku_id or 0, 0):
            empty = _("“{prize}”: the shop has fewer of the goods than are to be won.")
        return [str(empty).format(prize=self.name)] if empty else []


def _left_in_the_shop(prizes: Sequence[Prize]) -> dict[int, int]:
    wanted = [each.sku_id for each in prizes if each.kind == Prize.Kind.GOODS and each.sku_id is not None]
    return dict(SkuStock.objects.filter(sku__in=wanted).values_list("sku_id", "available")) if wanted else {}


class OddsVersion(models.Model):
    """Append-only: what a revision of a lottery has promised, word for word, and the SHA-256 of those words."""

    lottery = models.ForeignKey(
        Lottery, models.PROTECT, related_name="odds_versions", verbose_name=_("lottery"), db_index=False
    )
    version = models.PositiveIntegerField(_("version"))
    document = models.TextField(_("published"))
    digest = models.CharField("SHA-256", max_length=64)
    published_at = models.DateTimeField(_("published at"), db_default=Now())

    class Meta:
        verbose_name = _("published odds")
        verbose_name_plural = _("published odds")
        constraints = [models.UniqueConstraint(fields=["lottery", "version"], name="odds_version_once")]
        triggers = [VERSIONS_STAY]

    def __str__(self) -> str:
        return f"{self.lottery_id} · {self.version} · {self.digest[:12]}"
