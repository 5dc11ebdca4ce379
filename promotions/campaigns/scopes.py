"""Columns of a pricing `Scope`: which goods a campaign is about, by ids that outlive a renamed or moved category."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import merge
from typing import Any, NamedTuple, Protocol

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from promotions.pricing.scopes import Scope
from shop.catalog.models import Category, Sku

# No path of a category: a scope whose categories are all gone covers nothing rather than everything.
GONE = "gone"


def _ids(label: Any) -> ArrayField:
    return ArrayField(models.BigIntegerField(), verbose_name=label, default=list, blank=True)


class Reaching(Protocol):
    """What the columns say, be it read as a model or as plain numbers."""

    @property
    def category_ids(self) -> Sequence[int]: ...
    @property
    def product_ids(self) -> Sequence[int]: ...
    @property
    def sku_ids(self) -> Sequence[int]: ...
    @property
    def excluded_category_ids(self) -> Sequence[int]: ...
    @property
    def excluded_product_ids(self) -> Sequence[int]: ...
    @property
    def excluded_sku_ids(self) -> Sequence[int]: ...


def scope_of(told: Reaching, paths: Mapping[int, str]) -> Scope:
    return Scope(
        categories=_paths(told.category_ids, paths),
        products=frozenset(told.product_ids),
        skus=frozenset(told.sku_ids),
        without_categories=_paths(told.excluded_category_ids, paths),
        without_products=frozenset(told.excluded_product_ids),
        without_skus=frozenset(told.excluded_sku_ids),
    )


class ScopeFields(models.Model):
    """Nothing named means all goods."""

    category_ids = _ids(_("categories"))
    product_ids = _ids(_("products"))
    sku_ids = _ids(_("SKUs"))
    excluded_category_ids = _ids(_("without categories"))
    excluded_product_ids = _ids(_("without products"))
    excluded_sku_ids = _ids(_("without SKUs"))

    class Meta:
        abstract = True

    def reach(self, paths: Mapping[int, str]) -> Scope:
        """The goods it is about; `paths` are those of `category_paths`."""
        return scope_of(self, paths)


def category_paths() -> dict[int, str]:
    """The path of every category by id, in one query; shops have hundreds, not millions."""
    return dict(Category.objects.order_by().values_list("pk", "path"))


def skus_in(scope: Scope) -> QuerySet[Sku]:
    """The SKUs that are sold and lie in the scope; `Scope.covers` in SQL."""
    named = Q(pk__in=scope.skus) | Q(product__in=scope.products) | _under(scope.categories)
    excluded = Q(pk__in=scope.without_skus) | Q(product__in=scope.without_products) | _under(scope.without_categories)
    skus = Sku.objects.filter(is_active=True).exclude(excluded)
    return skus if scope.is_everything else skus.filter(named)


class Goods(NamedTuple):
    """A SKU by what scopes name."""

    sku_id: int
    product_id: int
    category_path: str


class Shelf:
    """The SKUs that are sold of a scope, read in one query; many other scopes are held against them in memory."""

    def __init__(self, scope: Scope) -> None:
        dearest_first = skus_in(scope).order_by("-price_fen", "pk")
        rows = dearest_first.values_list("pk", "product", "product__category__path")
        self._goods = [Goods(*row) for row in rows]
        self._by_sku: dict[int, int] = {}
        self._by_product: dict[int, list[int]] = {}
        self._by_category: dict[str, list[int]] = {}
        for place, each in enumerate(self._goods):
            self._by_sku[each.sku_id] = place
            self._by_product.setdefault(each.product_id, []).append(place)
            self._by_category.setdefault(each.category_path, []).append(place)

    def dearest(self, scope: Scope) -> int | None:
        """The id of the dearest SKU that lies in this scope too."""
        named = (self._goods[place] for place in self._named(scope))
        return next((each.sku_id for each in named if scope.covers(each)), None)

    def _named(self, scope: Scope) -> Iterable[int]:
        """The places of what the scope names, in their order, some more than once; what it excludes among them."""
        if scope.is_everything:
            return range(len(self._goods))
        above = tuple(scope.categories)
        return merge(
            sorted(self._by_sku[pk] for pk in scope.skus & self._by_sku.keys()),
            *(self._by_product[pk] for pk in scope.products & self._by_product.keys()),
            *(places for path, places in self._by_category.items() if path.startswith(above)),
        )


def _paths(ids: Iterable[int], paths: Mapping[int, str]) -> frozenset[str]:
    return frozenset([paths.get(each, GONE) for each in ids])


def _under(categories: Iterable[str]) -> Q:
    under = Q(pk__in=[])
    for path in categories:
        under |= Q(product__category__path__startswith=path)
    return under
