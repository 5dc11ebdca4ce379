"""What a product shows: the points that anybody would earn by buying one at its lowest price.

See `shop.catalog.facets`. Whoever publishes a rule gives all products a new version in the cache; what changes by the
clock is said in `valid_until`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from points.rules.engine import RuleSet, evaluate
from points.rules.events import ORDER, EarningEvent, EarningLine
from points.rules.live import live_rules
from points.rules.spec import CALENDAR
from shop.catalog.facets import Facets, FacetSubject, earliest
from shop.core.clock import business_day, day_bounds

NOBODY = 0


def points_to_earn(*, products: Sequence[FacetSubject], now: datetime) -> Mapping[int, Facets]:
    """One query for any number of products."""
    rules = live_rules(category_ids={product.category_id for product in products})
    until = changes_at(rules, now)
    return {
        product.product_id: Facets(
            points_to_earn=evaluate(_bought(product, rules, now), rules.visitor, rules, {}).points, valid_until=until
        )
        for product in products
    }


def changes_at(rules: RuleSet, now: datetime) -> datetime | None:
    """When a rule may begin or cease to act by the clock: the next midnight, where any looks at the day at all."""
    today = business_day(now)
    ahead = [
        day
        for rule in rules.rules
        if rule.spec.event == ORDER.code
        for day in (
            rule.spec.first_day,
            rule.spec.last_day and rule.spec.last_day + timedelta(days=1),
            today + timedelta(days=1) if any(isinstance(each, CALENDAR) for each in rule.spec.conditions) else None,
        )
        if day is not None and day > today
    ]
    return earliest(*(day_bounds(day)[0] for day in ahead))


def _bought(product: FacetSubject, rules: RuleSet, now: datetime) -> EarningEvent:
    line = EarningLine(
        sku_id=0,
        product_id=product.product_id,
        category_path=rules.category_paths.get(product.category_id, ""),
        quantity=1,
        net_fen=min(product.prices_fen.values(), default=0),
        brand_id=product.brand_id,
    )
    return EarningEvent(ORDER.code, str(product.product_id), NOBODY, now, lines=(line,))
