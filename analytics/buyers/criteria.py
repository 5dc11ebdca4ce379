"""What a segment can be made of: one definition for the form, the live count and the nightly filling.

Everything given must hold; of several choices one of them. A stored value that is known no longer matches nobody:
whoever gives coupons to a segment must never reach everybody because a tag was deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeAlias

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from analytics.buyers.models import BuyerProfile, Stage
from members.identity.models import Member
from members.segments.models import MemberTag, Segment, SegmentMembership, Tag
from members.segments.queries import current
from members.tiers.models import Tier
from members.tiers.queries import held_tier_id
from orders.cart.models import CartItem
from orders.checkout.models import OrderLine
from shop.catalog.models import Brand, Category

Choices: TypeAlias = Sequence[tuple[Any, Any]]
Given: TypeAlias = Mapping[str, Any]
YEAR = timedelta(days=365)


class Shape(Enum):
    """How it is asked: from one number to another, in yuan, in days ago, or some of several choices."""

    NUMBER = "number"
    MONEY = "money"
    DAYS_AGO = "days ago"
    CHOICES = "choices"


@dataclass(frozen=True)
class Criterion:
    """`narrow` gets what was given, by the names in `parameters`, and answers a condition on profiles."""

    name: str
    label: Any
    shape: Shape
    narrow: Callable[[Given, datetime], Q]
    choices: Callable[[], Choices] = tuple

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.name,) if self.shape is Shape.CHOICES else (f"{self.name}_from", f"{self.name}_to")


def matching(given: Given, *, now: datetime) -> QuerySet[BuyerProfile]:
    """The members, as of last night, who meet all that is given; active ones only."""
    profiles = BuyerProfile.objects.filter(member__status="active")
    for criterion in CRITERIA:
        values = {name: given[name] for name in criterion.parameters if given.get(name) not in (None, [], "")}
        if values:
            profiles = profiles.filter(criterion.narrow(values, now))
    return profiles


def _between(name: str, label: Any, shape: Shape, column: str) -> Criterion:
    def narrow(given: Given, now: datetime) -> Q:
        ends = {f"{name}_from": f"{column}__gte", f"{name}_to": f"{column}__lte"}
        return Q(**{ends[key]: value for key, value in given.items()})

    return Criterion(name, label, shape, narrow)


def _days_ago(name: str, label: Any, column: str) -> Criterion:
    """From so many days ago, at least, to so many at most."""

    def narrow(given: Given, now: datetime) -> Q:
        ends = {f"{name}_from": f"{column}__lte", f"{name}_to": f"{column}__gte"}
        return Q(**{ends[key]: now - timedelta(days=value) for key, value in given.items()})

    return Criterion(name, label, Shape.DAYS_AGO, narrow)


def _choice(name: str, label: Any, condition: Callable[[list[Any], datetime], Q], choices: Any) -> Criterion:
    return Criterion(name, label, Shape.CHOICES, lambda given, now: condition(list(given[name]), now), choices)


def _of_tiers(tiers: list[Any], now: datetime) -> Q:
    """Whoever has no standing yet holds the lowest."""
    holding = Member.objects.annotate(held_tier=held_tier_id()).filter(held_tier__in=tiers)
    return Q(Exists(holding.filter(pk=OuterRef("pk"))))


def _tagged(tags: list[Any], now: datetime) -> Q:
    return Q(Exists(MemberTag.objects.filter(member=OuterRef("pk"), tag__in=tags)))


def _in_segments(segments: list[Any], now: datetime) -> Q:
    held = SegmentMembership.objects.filter(current(now=now), member=OuterRef("pk"), segment__in=segments)
    return Q(Exists(held))


def _bought(now: datetime, **what: Any) -> Q:
    lines = OrderLine.objects.filter(order__member=OuterRef("pk"), order__paid_at__gte=now - YEAR, **what)
    return Q(Exists(lines))


def _bought_of_categories(categories: list[Any], now: datetime) -> Q:
    condition = Q()
    for path in Category.objects.filter(pk__in=categories).values_list("path", flat=True):
        condition |= _bought(now, product__category__path__startswith=path)
    return condition or Q(pk__in=[])


def _cart(answers: list[Any], now: datetime) -> Q:
    holds = Q(Exists(CartItem.objects.filter(member=OuterRef("pk"))))
    return Q() if len(answers) > 1 else holds if answers == ["yes"] else ~holds


def _rows(model: Any, *order: str) -> Callable[[], Choices]:
    return lambda: [(row.pk, str(row)) for row in model.objects.order_by(*order)]


def _months() -> Choices:
    return list(MONTHS.items())


CRITERIA: tuple[Criterion, ...] = (
    _choice("stage", _("Stage"), lambda stages, now: Q(stage__in=stages), lambda: Stage.choices),
    _between("recency", _("R"), Shape.NUMBER, "recency"),
    _between("frequency", _("F"), Shape.NUMBER, "frequency"),
    _between("monetary", _("M"), Shape.NUMBER, "monetary"),
    _between("orders", _("Orders in a year"), Shape.NUMBER, "orders"),
    _between("spent", _("Spent in a year"), Shape.MONEY, "spent_fen"),
    _between("orders_ever", _("Orders ever"), Shape.NUMBER, "orders_ever"),
    _between("spent_ever", _("Spent ever"), Shape.MONEY, "spent_ever_fen"),
    _days_ago("last_purchase", _("Days since the last purchase"), "last_paid_at"),
    _days_ago("first_purchase", _("Days since the first purchase"), "first_paid_at"),
    _days_ago("last_seen", _("Days since the last visit"), "last_seen_at"),
    _days_ago("joined", _("Days as a member"), "member__joined_at"),
    _between("points", _("Points to spend"), Shape.NUMBER, "member__point_account__available"),
    _choice("tiers", _("Tier"), _of_tiers, _rows(Tier, "pk")),
    _choice("birthday", _("Birthday in"), lambda months, now: Q(member__birthday__month__in=months), _months),
    _choice("categories", _("Bought in a year of the category"), _bought_of_categories, _rows(Category, "path")),
    _choice(
        "brands",
        _("Bought in a year of the brand"),
        lambda brands, now: _bought(now, product__brand__in=brands),
        _rows(Brand, "name"),
    ),
    _choice("cart", _("Something in the cart"), _cart, lambda: [("yes", _("Yes")), ("no", _("No"))]),
    _choice("tags", _("Tag"), _tagged, _rows(Tag, "name")),
    _choice("segments", _("In a segment"), _in_segments, _rows(Segment, "name")),
    _choice(
        "not_segments",
        _("Not in a segment"),
        lambda segments, now: ~_in_segments(segments, now),
        _rows(Segment, "name"),
    ),
)
