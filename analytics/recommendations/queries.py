"""What is recommended: from what goes together with a product, a cart, past purchases or views, else what sells best.

Never what cannot be bought now, nor what the member has in the cart or bought within the same days. Answers are kept
in the catalogue's cache for its minute; what a member chooses acts at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import orjson
from django.db import connection

from analytics.events.models import Event
from analytics.events.names import VIEWS
from analytics.events.services.choices import refuses_tracking
from analytics.recommendations.models import PersonalChoice
from analytics.recommendations.preferences import DAYS, IS_ON, VIEW_DAYS, VIEW_PERCENT
from orders.cart.models import CartItem
from orders.checkout.models import OrderLine
from shop.catalog.cache import EVERYTHING, LISTING, Loaded, fetch
from shop.catalog.listing import BEST_SELLERS
from shop.catalog.models import Product
from shop.catalog.queries import on_shelf

SHOWN = 12
SEEDS = 50
_ALIKE = """
SELECT other.id FROM recommendations_neighbour near JOIN catalog_product other ON other.id = near.other_id
WHERE near.product_id = ANY(%(seeds)s::bigint[]) AND NOT other.id = ANY(%(without)s::bigint[])
    AND other.on_shelf AND other.skus_in_stock > 0
    AND (other.shelf_from IS NULL OR other.shelf_from <= %(now)s)
    AND (other.shelf_until IS NULL OR other.shelf_until > %(now)s)
GROUP BY other.id ORDER BY sum(near.score) DESC, other.id LIMIT %(most)s
"""


class Scene(StrEnum):
    HOME = "home"
    CART = "cart"
    PRODUCT = "product"


def wants_personal(*, member_id: int) -> bool:
    """Who refuses to be watched refuses what comes of it."""
    if PersonalChoice.objects.filter(pk=member_id, is_personal=False).exists():
        return False
    return not refuses_tracking(member_id=member_id)


def recommended(*, scene: Scene, product_id: int | None, member_id: int | None, now: datetime) -> list[int]:
    """Ids of products, the most fitting first; `member_id` of somebody who wants it, else None."""
    # What one can be shown depends on nothing but these.
    name = f"{scene}:{product_id}:{member_id}:{int(IS_ON.value())}"

    def load(_names: list[str]) -> dict[str, Loaded]:
        return {name: Loaded(orjson.dumps(_found(scene, product_id, member_id, now)))}

    versions = [EVERYTHING, LISTING]
    return orjson.loads(fetch(kind="recommended", names=[name], versions=versions, load=load, now=now)[name])


def _found(scene: Scene, product_id: int | None, member_id: int | None, now: datetime) -> list[int]:
    is_on = IS_ON.value()
    bought = _bought(member_id, now) if member_id is not None and is_on else []
    cart = _in_cart(member_id) if member_id is not None and scene is Scene.CART else []
    seeds = {Scene.PRODUCT: [product_id] if product_id else [], Scene.CART: cart}.get(scene)
    if seeds is None:
        seeds = _at_home(bought, member_id, now)
    without = [*bought, *cart, *([product_id] if product_id else [])]
    found = _alike(seeds, without, now) if is_on and seeds else []
    return [*found, *_best_sellers(product_id, [*without, *found], SHOWN - len(found), now)]


def _alike(seeds: Sequence[int], without: Sequence[int], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, {"seeds": list(seeds), "without": list(without), "now": now, "most": SHOWN})
        return [row[0] for row in cursor.fetchall()]


def _best_sellers(product_id: int | None, without: Sequence[int], most: int, now: datetime) -> list[int]:
    """Of the product's category first, then of the shop."""
    if most <= 0:
        return []
    there = Product.objects.filter(on_shelf(now=now), skus_in_stock__gt=0).exclude(pk__in=without)
    there = there.order_by(*BEST_SELLERS)
    found: list[int] = []
    if product_id is not None:
        category = Product.objects.filter(pk=product_id).values("category_id")[:1]
        found = list(there.filter(category_id=category).values_list("pk", flat=True)[:most])
    rest = there.exclude(pk__in=found).values_list("pk", flat=True)[: most - len(found)] if len(found) < most else []
    return [*found, *rest]


def _bought(member_id: int, now: datetime) -> list[int]:
    """The latest first."""
    since = now - timedelta(days=DAYS.value())
    lines = OrderLine.objects.filter(order__member=member_id, order__paid_at__gte=since, is_gift=False)
    return list(dict.fromkeys(lines.order_by("-order__paid_at", "-pk").values_list("product_id", flat=True)[:1000]))


def _at_home(bought: Sequence[int], member_id: int | None, now: datetime) -> list[int]:
    """What was bought last, then what was looked at last."""
    if member_id is None or not IS_ON.value():
        return []
    viewed: list[int] = []
    if VIEW_PERCENT.value():
        since = now - timedelta(days=VIEW_DAYS.value())
        events = Event.objects.filter(member_id=member_id, at__gte=since, at__lte=now, name__in=VIEWS)
        found = events.filter(product_id__isnull=False).order_by("-at").values_list("product_id", flat=True)[:SEEDS]
        viewed = [product for product in found if product is not None]
    return list(dict.fromkeys([*bought, *viewed]))[:SEEDS]


def _in_cart(member_id: int) -> list[int]:
    lines = CartItem.objects.filter(member=member_id).order_by("-added_at")
    return list(dict.fromkeys(lines.values_list("sku__product_id", flat=True)))
