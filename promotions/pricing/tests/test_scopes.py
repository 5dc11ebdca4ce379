"""Scopes and the index that finds the promotions of a cart."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.pricing.model import PricingLine
from promotions.pricing.scopes import EVERYTHING, PATH_STEP, Basket, Scope, ScopeIndex
from shop.catalog.models import Category


@dataclass(frozen=True)
class Promotion:
    name: str
    scope: Scope


TEA = PricingLine(1, 1, 100, product_id=10, category_path="00010002")
CUP = PricingLine(2, 1, 100, product_id=20, category_path="0003")


@pytest.mark.parametrize(
    ("scope", "tea", "cup"),
    [
        (EVERYTHING, True, True),
        (Scope(categories=frozenset({"0001"})), True, False),
        (Scope(categories=frozenset({"00010002"})), True, False),
        (Scope(categories=frozenset({"000100020001"})), False, False),
        (Scope(products=frozenset({20})), False, True),
        (Scope(skus=frozenset({1}), products=frozenset({20})), True, True),
        (Scope(without_skus=frozenset({1})), False, True),
        (Scope(categories=frozenset({"0001"}), without_products=frozenset({10})), False, False),
        (Scope(without_categories=frozenset({"0003"})), True, False),
    ],
)
def test_a_scope_covers_what_it_names_less_what_it_excludes(scope, tea, cup):
    assert (scope.covers(TEA), scope.covers(CUP)) == (tea, cup)


def test_paths_are_read_in_the_steps_of_the_category_tree():
    assert Category.steplen == PATH_STEP


paths = st.lists(st.sampled_from(["0001", "0002", "0003"]), max_size=3).map("".join)
some = st.frozensets(st.integers(1, 6), max_size=2)
scopes = st.builds(
    Scope,
    categories=st.frozensets(paths.filter(bool), max_size=2),
    products=some,
    skus=some,
    without_categories=st.frozensets(paths.filter(bool), max_size=1),
    without_products=some,
    without_skus=some,
)
lines = st.builds(
    PricingLine,
    sku_id=st.integers(1, 6),
    quantity=st.just(1),
    unit_price_fen=st.just(1),
    product_id=st.integers(1, 6),
    category_path=paths,
)


@given(scopes=st.lists(scopes, max_size=12), cart=st.lists(lines, max_size=4))
def test_the_index_finds_exactly_what_a_walk_through_all_finds(scopes, cart):
    promotions = [Promotion(str(place), scope) for place, scope in enumerate(scopes)]
    walked = [each for each in promotions if any(each.scope.covers(line) for line in cart)]
    assert list(ScopeIndex(promotions).touching(Basket(cart))) == walked
