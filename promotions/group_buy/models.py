"""Group buys: a price that members get together. The order that opens a team leads it, others join until it is full.

Always: a seat is taken before it is paid for, so that no more members can pay than the team has seats; a team's counts
are those of the seats that stand; a team that has ended stays as it ended, and every order that is paid in it is either
sent or paid back: `SeatSucceeded` or `SeatFailed`, once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from promotions.campaigns.conflicts import line_of
from promotions.campaigns.models import Campaign
from promotions.campaigns.platform_rules import Traits
from promotions.campaigns.scopes import GONE, category_paths
from promotions.campaigns.stacking import StackingFields
from promotions.discounts.honesty import raised_prices
from promotions.pricing.model import WHOLE_BP
from promotions.pricing.scopes import Scope
from shop.catalog.cache import touch_products
from shop.catalog.models import Sku

LARGEST_TEAM, LONGEST_HOURS = 50, 240


class GroupBuy(StackingFields, Campaign):
    """Without a team an order opens one; with a team it joins. The audience says who may do either, `new_joiners_only`
    who may join. No team outlives its campaign.
    """

    KIND = "group_buy"
    PARTS = ("items",)
    ACTS_BY_ITSELF = False

    class Completion(models.TextChoices):
        NEVER = "never", _("Only full teams succeed")
        BY_HAND = "by_hand", _("Staff may complete a team that is not full")
        IN_TIME = "in_time", _("A team that is not full succeeds when its time is over, from so many paid seats on")

    size = models.PositiveSmallIntegerField(
        _("members of a team"), default=2, validators=[MinValueValidator(2), MaxValueValidator(LARGEST_TEAM)]
    )
    hours = models.PositiveSmallIntegerField(
        _("hours that a team lives"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_HOURS)],
        help_text=_("From its opening; at most until the group buy itself ends."),
    )
    new_joiners_only = models.BooleanField(
        _("only new members join"), default=False, help_text=_("Anybody of the audience may open a team.")
    )
    limit_per_member = models.PositiveSmallIntegerField(
        _("orders per member"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    units_per_order = models.PositiveSmallIntegerField(
        _("units per order"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    completion = models.CharField(
        _("teams that are not full"), max_length=8, choices=Completion, default=Completion.NEVER
    )
    completes_from = models.PositiveSmallIntegerField(
        _("paid seats at least"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta(Campaign.Meta):
        verbose_name = _("group buy")
        verbose_name_plural = _("group buys")
        constraints = [
            *Campaign.Meta.constraints,
            models.CheckConstraint(condition=Q(size__gte=2, hours__gte=1), name="group_buy_has_teams"),
            models.CheckConstraint(
                condition=Q(
                    completion="in_time",
                    completes_from__isnull=False,
                    completes_from__gte=1,
                    completes_from__lte=F("size"),
                )
                | ~Q(completion="in_time") & Q(completes_from__isnull=True),
                name="group_buy_completes_from",
                violation_error_message=_(
                    "Say from how many paid seats on a team succeeds when its time is over, and only then."
                ),
            ),
        ]

    def is_used_up(self) -> bool:
        """Teams under way may yet give something back, or need it to become full."""
        return super().is_used_up() and not self.teams.filter(status=TeamStatus.OPEN).exists()

    def reach(self, paths: Mapping[int, str]) -> Scope:
        skus = frozenset(item.sku_id for item in self.items.all())
        return Scope(skus=skus) if skus else Scope(categories=frozenset([GONE]))

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return Seat.objects.filter(team__group_buy=self).values("order_number")

    def depth_bp(self) -> int:
        return max((item.depth_bp for item in self.items.select_related("sku")), default=0)

    def lacks(self) -> Sequence[Any]:
        rows = list(self.items.select_related("sku__product__category").order_by("pk"))
        return [each for row in rows for each in row.lacks()] if rows else [_("Name the goods and their prices.")]

    def traits(self, *, now: datetime) -> Traits:
        return Traits(
            raised_prices=raised_prices(self.reach(category_paths()), now=now),
            completes_teams=self.completion != self.Completion.NEVER,
        )

    def before_publication(self) -> None:
        """A budget or a limit that is new counts what was taken before it was set."""
        standing = Seat.objects.filter(team__group_buy=self).filter(COUNTED)
        self.spent_fen = standing.aggregate(fen=Sum("discount_fen", default=0))["fen"]

    def touch_catalogue(self) -> None:
        touch_products(self.items.values_list("sku__product_id", flat=True))

    def clone_children(self, source: Any) -> None:
        for item in source.items.order_by("pk"):
            item.pk, item.group_buy = None, self
            item.save(force_insert=True)


class GroupBuyItem(models.Model):
    """What a unit of a SKU costs for who joins a team, and for who opens it where that is less."""

    group_buy = models.ForeignKey(
        GroupBuy, models.CASCADE, related_name="items", verbose_name=_("group buy"), db_index=False
    )
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    price_fen = models.PositiveIntegerField(_("group price (fen)"))
    leader_price_fen = models.PositiveIntegerField(
        _("leader's price (fen)"), null=True, blank=True, help_text=_("Blank: as the others.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("goods of a group buy")
        verbose_name_plural = _("goods of a group buy")
        constraints = [
            models.UniqueConstraint(fields=["group_buy", "sku"], name="group_buy_item_once"),
            models.CheckConstraint(
                condition=Q(leader_price_fen__isnull=True) | Q(leader_price_fen__lte=F("price_fen")),
                name="group_buy_leader_pays_no_more",
                violation_error_message=_("Who leads a team pays no more than the others."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.sku)

    def price_for(self, *, leads: bool) -> int:
        return self.leader_price_fen if leads and self.leader_price_fen is not None else self.price_fen

    def lacks(self) -> list[Any]:
        """No price is shown that nobody would pay."""
        found: list[Any] = []
        if self.price_for(leads=True) < line_of(self.sku, 1).least_unit_fen:
            found.append(_("{sku}: this is less than the least that it is sold for.").format(sku=self.sku))
        if self.price_fen > self.sku.price_fen:
            found.append(_("{sku}: this is more than it costs without the group.").format(sku=self.sku))
        return found

    @property
    def depth_bp(self) -> int:
        list_fen = self.sku.price_fen
        return max(list_fen - self.price_for(leads=True), 0) * WHOLE_BP // list_fen if list_fen else 0


class TeamStatus(models.TextChoices):
    OPEN = "open", _("Waiting for members")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed, refunded")
    GIVEN_UP = "given_up", _("Given up, nobody had paid")


class Ending(models.TextChoices):
    FULL = "full", _("All seats are paid")
    TIME = "time", _("Its time was over")
    BY_HAND = "by_hand", _("By staff")
    STOPPED = "stopped", _("The group buy was stopped")
    EMPTY = "empty", _("Everybody left")


class Team(models.Model):
    """`size` is that of the group buy when it was opened; `due_at` is when it ends if it is not full by then."""

    group_buy = models.ForeignKey(GroupBuy, models.PROTECT, related_name="teams", verbose_name=_("group buy"))
    status = models.CharField(_("status"), max_length=10, choices=TeamStatus, default=TeamStatus.OPEN)
    size = models.PositiveSmallIntegerField(_("members of the team"))
    seats_taken = models.PositiveSmallIntegerField(_("seats taken"), default=0)
    seats_paid = models.PositiveSmallIntegerField(_("seats paid"), default=0)
    opened_at = models.DateTimeField(_("opened at"))
    due_at = models.DateTimeField(_("time over at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ending = models.CharField(_("ended because"), max_length=8, choices=Ending, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=80, blank=True)
    warned_at = models.DateTimeField(_("members warned at"), null=True, blank=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        permissions = [("end_team", _("Complete or end teams"))]
        constraints = [
            models.CheckConstraint(condition=Q(seats_taken__lte=F("size")), name="team_within_its_size"),
            models.CheckConstraint(condition=Q(seats_paid__lte=F("seats_taken")), name="team_paid_of_taken"),
            models.CheckConstraint(
                condition=Q(status="open", ended_at=None, ending="") | ~Q(status="open") & Q(ended_at__isnull=False),
                name="team_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="open"), name="team_due"),
            models.Index(fields=["group_buy", "-id"], name="team_by_group_buy"),
        ]

    def __str__(self) -> str:
        return f"{_('Team')} {self.pk}"

    @property
    def missing(self) -> int:
        """Members who have not paid yet."""
        return self.size - self.seats_paid

    def takes_members(self, *, now: datetime) -> bool:
        return self.status == TeamStatus.OPEN and now < self.due_at and self.seats_taken < self.size


class SeatStatus(models.TextChoices):
    HELD = "held", _("Held until paid")
    PAID = "paid", _("Paid")
    RELEASED = "released", _("Given up unpaid")
    REFUSED = "refused", _("Paid too late, refunded")


STANDING = (SeatStatus.HELD, SeatStatus.PAID)
# What counts for budgets, limits and results: those of failed teams have been given back, and goods that came back.
COUNTED = Q(status__in=STANDING, team__status__in=[TeamStatus.OPEN, TeamStatus.SUCCEEDED], returned_at=None)


class Seat(models.Model):
    """An order's place in a team, which its members do not lose by what comes back after the team has succeeded.
    Written by services only.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="seats", verbose_name=_("team"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    order_number = models.CharField(_("order"), max_length=40, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=SeatStatus, default=SeatStatus.HELD)
    leads = models.BooleanField(_("leads"), default=False)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"), db_index=False)
    units = models.PositiveIntegerField(_("units"))
    discount_fen = models.PositiveBigIntegerField(_("discount (fen)"))
    # What was paid for the whole order, less what went back.
    paid_fen = models.PositiveBigIntegerField(_("paid (fen)"), default=0)
    taken_at = models.DateTimeField(_("taken at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    returned_at = models.DateTimeField(_("goods back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team"], condition=Q(leads=True, status__in=STANDING), name="seat_one_leads"
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False, status__in=["paid", "refused"])
                | Q(paid_at=None, paid_fen=0, status__in=["held", "released"]),
                name="seat_paid_when_paid",
            ),
        ]
        indexes = [models.Index(fields=["member", "-id"], name="seat_by_member")]

    def __str__(self) -> str:
        return f"{self.order_number} → {self.team_id}"


class MemberTally(models.Model):
    """How many orders of a group buy a member has that stand: the row at which their orders wait for each other."""

    group_buy = models.ForeignKey(
        GroupBuy, models.PROTECT, related_name="tallies", verbose_name=_("group buy"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    orders = models.PositiveIntegerField(_("orders"))

    class Meta:
        verbose_name = _("orders of a member in a group buy")
        verbose_name_plural = _("orders of members in group buys")
        constraints = [models.UniqueConstraint(fields=["group_buy", "member"], name="group_buy_tally_once")]

    def __str__(self) -> str:
        return f"{self.group_buy_id} × {self.member_id}: {self.orders}"
