"""The names behind the ids of rules, for sentences: looked up for many rules at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import get_language

from members.segments.models import Segment
from members.tiers.models import Tier
from points.rules.models import Holiday
from points.rules.preferences import MEMBER_DAY
from points.rules.spec import Goods, Holidays, RuleSpec, Segments
from shop.catalog.models import Brand, Category, Product
from shop.core.channels import CHANNEL_CHOICES


@dataclass(frozen=True)
class Names:
    """By id; tiers and channels by code. What is gone has no name."""

    today: date
    member_day: int = 0
    tiers: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)
    categories: Mapping[int, str] = field(default_factory=dict)
    products: Mapping[int, str] = field(default_factory=dict)
    brands: Mapping[int, str] = field(default_factory=dict)
    holidays: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


def names_for(specs: Iterable[RuleSpec], *, today: date) -> Names:
    """In the reader's language; one query for the tiers and one for each kind of thing that the rules name."""
    conditions = [condition for spec in specs for condition in spec.conditions]
    goods = [each for each in conditions if isinstance(each, Goods)]
    return Names(
        today=today,
        member_day=MEMBER_DAY.value(),
        tiers={tier.code: str(tier) for tier in Tier.objects.all()},
        segments=_names(Segment, {pk for each in conditions if isinstance(each, Segments) for pk in each.ids}),
        categories=_names(Category, {pk for each in goods for pk in each.category_ids}),
        products=_names(Product, {pk for each in goods for pk in each.product_ids}),
        brands=_names(Brand, {pk for each in goods for pk in each.brand_ids}),
        holidays=_names(Holiday, {pk for each in conditions if isinstance(each, Holidays) for pk in each.ids}),
        channels={code: str(label) for code, label in CHANNEL_CHOICES},
    )


def _names(model: type, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    english = (get_language() or "").startswith("en")
    rows = model._default_manager.filter(pk__in=ids)  # type: ignore[attr-defined]
    return {row.pk: str((getattr(row, "name_en", "") if english else "") or row.name) for row in rows}
