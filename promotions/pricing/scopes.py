"""Which goods a promotion is about, and how to find the few promotions that touch a cart among very many.

A category is named by its materialised path (`Category.path`), so that a promotion on a category covers everything
below it without asking the tree.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

# Characters per level of a category path: `Category.steplen`.
PATH_STEP = 4


class Goods(Protocol):
    """What a scope asks of a line."""

    @property
    def sku_id(self) -> int: ...
    @property
    def product_id(self) -> int: ...
    @property
    def category_path(self) -> str: ...


class Scoped(Protocol):
    @property
    def scope(self) -> "Scope": ...


class Scope(Struct, frozen=True):
    """Goods named by category, product or SKU, less those excluded; nothing named means all goods."""

    categories: frozenset[str] = frozenset()
    products: frozenset[int] = frozenset()
    skus: frozenset[int] = frozenset()
    without_categories: frozenset[str] = frozenset()
    without_products: frozenset[int] = frozenset()
    without_skus: frozenset[int] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Nothing is named; something may still be excluded."""
        return not (self.categories or self.products or self.skus)

    @property
    def excludes(self) -> bool:
        return bool(self.without_skus or self.without_products or self.without_categories)

    def covers(self, line: Goods) -> bool:
        return (
            self.is_everything
            or line.sku_id in self.skus
            or line.product_id in self.products
            or _under(self.categories, line.category_path)
        ) and not (
            line.sku_id in self.without_skus
            or line.product_id in self.without_products
            or _under(self.without_categories, line.category_path)
        )


EVERYTHING = Scope()
T = TypeVar("T", bound=Scoped)
L = TypeVar("L", bound=Goods)
K = TypeVar("K")


class Basket(Generic[L]):
    """The lines of a cart by what scopes name; a line is known by its place."""

    def __init__(self, lines: Sequence[L]) -> None:
        self.lines = lines
        self.everywhere = tuple(range(len(lines)))
        self._by_sku: dict[int, list[int]] = {}
        self._by_product: dict[int, list[int]] = {}
        self._by_category: dict[str, list[int]] = {}
        by_path: dict[str, list[int]] = {}
        for place, line in enumerate(lines):
            self._by_sku.setdefault(line.sku_id, []).append(place)
            self._by_product.setdefault(line.product_id, []).append(place)
            by_path.setdefault(line.category_path, []).append(place)
        for path, places in by_path.items():
            for end in range(PATH_STEP, len(path) + 1, PATH_STEP):
                self._by_category.setdefault(path[:end], []).extend(places)

    @property
    def names(self) -> tuple[Set[int], Set[int], Set[str]]:
        """The SKUs, products and categories that the lines can be named by."""
        return self._by_sku.keys(), self._by_product.keys(), self._by_category.keys()

    def places(self, scope: Scope) -> tuple[int, ...]:
        """Of the lines that `scope` covers, rising."""
        found: Iterable[int] = self.everywhere
        if scope.skus or scope.products or scope.categories:
            found = sorted(self._named(scope.skus, scope.products, scope.categories))
        if scope.without_skus or scope.without_products or scope.without_categories:
            without = self._named(scope.without_skus, scope.without_products, scope.without_categories)
            found = [place for place in found if place not in without]
        return tuple(found)

    def _named(self, skus: frozenset[int], products: frozenset[int], categories: frozenset[str]) -> set[int]:
        found: set[int] = set()
        if skus:
            _add(found, skus, self._by_sku)
        if products:
            _add(found, products, self._by_product)
        if categories:
            _add(found, categories, self._by_category)
        return found


class ScopeIndex(Generic[T]):
    """Promotions by what they name, so that a cart meets those that touch it without walking through the others.

    Built once for a list of live promotions and never changed.
    """

    def __init__(self, promotions: Iterable[T]) -> None:
        self._all = tuple(promotions)
        self._everywhere: list[int] = []
        self._excluding = {place for place, each in enumerate(self._all) if each.scope.excludes}
        self._by_sku: dict[int, list[int]] = {}
        self._by_product: dict[int, list[int]] = {}
        self._by_category: dict[str, list[int]] = {}
        for place, promotion in enumerate(self._all):
            scope = promotion.scope
            if scope.is_everything:
                self._everywhere.append(place)
            for sku_id in scope.skus:
                self._by_sku.setdefault(sku_id, []).append(place)
            for product_id in scope.products:
                self._by_product.setdefault(product_id, []).append(place)
            for path in scope.categories:
                self._by_category.setdefault(path, []).append(place)

    def __len__(self) -> int:
        return len(self._all)

    def touching(self, basket: Basket[Any]) -> tuple[T, ...]:
        """Those that cover at least one line of the basket, in the order in which they were given."""
        if not basket.lines:
            return ()
        skus, products, categories = basket.names
        places = set(self._everywhere)
        places.update(*[self._by_sku[each] for each in self._by_sku.keys() & skus])
        places.update(*[self._by_product[each] for each in self._by_product.keys() & products])
        places.update(*[self._by_category[each] for each in self._by_category.keys() & categories])
        found, excluding = self._all, self._excluding
        return tuple(
            [found[place] for place in sorted(places) if place not in excluding or basket.places(found[place].scope)]
        )


def _add(found: set[int], names: frozenset[K], places: Mapping[K, Sequence[int]]) -> None:
    """The places of the lines with these names. The fewer of both are gone through."""
    for name in names if len(names) <= len(places) else names.intersection(places):
        found.update(places.get(name, ()))


def _under(categories: frozenset[str], path: str) -> bool:
    return bool(categories) and any(path[:end] in categories for end in range(PATH_STEP, len(path) + 1, PATH_STEP))
