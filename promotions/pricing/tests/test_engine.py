"""The engine against sums written out by hand, and its law over random carts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.pricing.engine import STAGES, price
from promotions.pricing.model import CartSnapshot, PricingLine, Stage


def test_a_cart_is_priced_to_the_fen():
    quote = price(CartSnapshot(lines=(PricingLine(1, 3, 1999), PricingLine(2, 1, 50)), freight_fen=1200))
    assert [line.subtotal_fen for line in quote.lines] == [5997, 50]
    assert (quote.goods_fen, quote.discount_fen, quote.freight_fen, quote.payable_fen) == (6047, 0, 1200, 7247)
    assert quote.applied == quote.rejected == ()


def test_unknown_freight_stays_unknown_and_costs_nothing_yet():
    quote = price(CartSnapshot(lines=(PricingLine(1, 2, 100),)))
    assert quote.freight_fen is None
    assert quote.payable_fen == 200


def test_coupons_that_nobody_holds_are_rejected_one_by_one():
    quote = price(CartSnapshot(lines=(PricingLine(1, 1, 100),), coupon_ids=(7, 9)))
    assert [(each.kind, each.id, each.code) for each in quote.rejected] == [
        ("coupon", 7, "coupon_not_found"),
        ("coupon", 9, "coupon_not_found"),
    ]
    assert quote.payable_fen == 100


def test_points_that_nobody_has_are_rejected():
    quote = price(CartSnapshot(lines=(PricingLine(1, 1, 100),), points_to_use=50))
    assert [(each.kind, each.code) for each in quote.rejected] == [("points", "points_insufficient")]
    assert quote.payable_fen == 100


def test_the_best_of_nothing_rejects_nothing():
    quote = price(CartSnapshot(lines=(PricingLine(1, 1, 100),), coupon_ids="best", points_to_use="max"))
    assert quote.rejected == ()


def test_stages_follow_the_declared_order():
    declared = list(Stage)
    positions = [declared.index(stage) for stage, _act in STAGES]
    assert positions == sorted(positions)


@pytest.mark.parametrize(("quantity", "unit_price_fen"), [(0, 100), (-1, 100), (1, -1)])
def test_a_line_without_units_or_with_a_negative_price_is_no_line(quantity, unit_price_fen):
    with pytest.raises(ValueError):
        PricingLine(1, quantity, unit_price_fen)


def test_a_sku_appears_once():
    with pytest.raises(ValueError):
        CartSnapshot(lines=(PricingLine(1, 1, 100), PricingLine(1, 2, 100)))


carts = st.lists(
    st.builds(
        PricingLine,
        sku_id=st.integers(1, 10**6),
        quantity=st.integers(1, 9999),
        unit_price_fen=st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda line: line.sku_id,
)


@given(lines=carts, freight_fen=st.integers(0, 10**6), shuffle=st.randoms())
def test_payable_is_lines_plus_freight_in_whatever_order_the_lines_come(lines, freight_fen, shuffle):
    quote = price(CartSnapshot(lines=tuple(lines), freight_fen=freight_fen))
    by_hand = freight_fen
    for line in lines:
        by_hand += line.quantity * line.unit_price_fen
    assert quote.payable_fen == by_hand
    assert quote.payable_fen == sum(line.payable_fen for line in quote.lines) + freight_fen

    shuffled = list(lines)
    shuffle.shuffle(shuffled)
    other = price(CartSnapshot(lines=tuple(shuffled), freight_fen=freight_fen))
    assert other.payable_fen == quote.payable_fen
    assert {line.sku_id: line for line in other.lines} == {line.sku_id: line for line in quote.lines}
