"""What pricing is told: the narrowest item of a discount, windows, audiences, what is left of quotas and gifts."""

import pytest

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.models import CampaignEvent
from promotions.campaigns.services.lifecycle import pause_campaign, resume_campaign
from promotions.campaigns.services.switch import promotions_are_on, switch_promotions
from promotions.campaigns.subscribers import look_at_categories_anew
from promotions.discounts.models import MemberTally
from promotions.discounts.services.using import UnitUse, claim_timed_discounts
from promotions.discounts.terms import offered
from promotions.discounts.tests.making import (
    ANYBODY,
    AUTHOR,
    DAY,
    HOUR,
    NOW,
    buyer,
    draft_discount,
    draft_offer,
    line,
    published,
)
from promotions.pricing.engine import price
from promotions.pricing.model import CartSnapshot, Gift, Measure, Mechanism, SpendTier, Terms, UnitPriceTerms
from promotions.pricing.scopes import Scope
from shop.catalog.cache import EVERYTHING
from shop.catalog.facts import CatalogChanged
from shop.catalog.models import Category, Sku, SkuStock
from shop.catalog.tests.factories import SkuFactory, make_category, make_product, make_sku

pytestmark = pytest.mark.django_db


def discounts(*lines, who=ANYBODY, now=NOW):
    return offered(buyer=who, basket=CartSnapshot(lines).basket, now=now).unit_prices


def offers(*lines, who=ANYBODY, now=NOW):
    return offered(buyer=who, basket=CartSnapshot(lines).basket, now=now).spend_offers


def covering(terms, priced):
    return [(each.unit_price_fen, each.off_bp) for each in terms if each.scope.covers(priced)]


def test_of_the_rows_of_a_discount_the_narrowest_holds():
    food = make_category("食品")
    tea = make_category("茶叶", parent=food)
    small, large = make_product(prices=[5000, 9000], category_id=tea.pk).skus.order_by("pk")
    other_tea = make_sku(price_fen=7000, category_id=tea.pk)
    cake = make_sku(price_fen=3000, category_id=food.pk)
    toy = make_sku(price_fen=3000)
    discount = published(
        draft_discount(
            {"category": food, "off_bp": 1000},
            {"category": tea, "off_bp": 1500},
            {"product": small.product, "off_bp": 2000},
            {"sku": large, "price_fen": 6900},
        )
    )
    lines = [line(each) for each in (small, large, other_tea, cake, toy)]
    terms = discounts(*lines)
    assert [covering(terms, each) for each in lines] == [
        [(None, 2000)],
        [(6900, 0)],
        [(None, 1500)],
        [(None, 1000)],
        [],
    ]
    assert {(each.id, each.label, each.mechanism, each.version) for each in terms} == {
        (discount.pk, "双十一", Mechanism.TIMED_DISCOUNT, 1)
    }


def test_the_window_is_half_open_whatever_the_sweep_has_done():
    sku = make_sku()
    published(draft_discount({"sku": sku, "off_bp": 1000}, starts_at=NOW + HOUR, ends_at=NOW + DAY))
    second = HOUR / 3600
    assert not discounts(line(sku), now=NOW + HOUR - second)
    assert discounts(line(sku), now=NOW + HOUR)
    assert discounts(line(sku), now=NOW + DAY - second)
    assert not discounts(line(sku), now=NOW + DAY)


def test_drafts_paused_ones_and_the_great_switch():
    sku = make_sku()
    discount = draft_discount({"sku": sku, "off_bp": 1000})
    assert not discounts(line(sku))
    published(discount)
    assert discounts(line(sku))
    pause_campaign(kind=discount.KIND, pk=discount.pk, actor=AUTHOR, now=NOW)
    assert not discounts(line(sku))
    resume_campaign(kind=discount.KIND, pk=discount.pk, actor=AUTHOR, now=NOW)
    assert discounts(line(sku))
    switch_promotions(on=False, actor=AUTHOR, now=NOW)
    assert not promotions_are_on()
    assert not discounts(line(sku))
    switch_promotions(on=True, actor=AUTHOR, now=NOW)
    assert discounts(line(sku))
    history = CampaignEvent.objects.filter(kind="all").order_by("pk")
    assert list(history.values_list("action", "actor")) == [("paused", "staff:author"), ("resumed", "staff:author")]


def test_only_for_its_audience():
    sku, member = make_sku(), MemberFactory()
    published(draft_discount({"sku": sku, "off_bp": 1000}, tier_ids=[7]))
    published(draft_offer({"threshold_fen": 10000, "off_fen": 1000}, new_members_only=True))
    assert not discounts(line(sku), who=buyer(member, tier_id=6))
    assert discounts(line(sku), who=buyer(member, tier_id=7))
    assert not offers(line(sku), who=buyer(member))
    assert offers(line(sku), who=buyer(member, is_new=True))


def test_what_is_left_of_a_quota_goes_as_far_as_it_goes():
    first, second = make_product(prices=[5000, 5000]).skus.order_by("pk")
    member = MemberFactory()
    discount = published(draft_discount({"product": first.product, "price_fen": 4000, "quota": 5}))
    taken = UnitUse(discount.pk, line(first, 1), units=1, discount_fen=1000)
    claim_timed_discounts(order_number="D1", member_id=member.pk, uses=[taken], now=NOW)
    terms = discounts(line(second, 9), line(first, 3))
    # Four are left: three for the first line, one for the second.
    assert [(each.max_units, each.scope.skus) for each in terms] == [(4, {first.pk}), (1, {second.pk})]
    gone = discounts(line(first, 4), line(second, 1))
    assert [(each.max_units, each.scope.skus) for each in gone] == [(4, {first.pk})]


def test_a_member_has_as_many_as_one_may(django_assert_max_num_queries):
    sku, member, other = make_sku(price_fen=5000), MemberFactory(), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000, "limit_per_member": 2, "quota": 100}))
    assert [each.max_units for each in discounts(line(sku, 3))] == [2]
    taken = UnitUse(discount.pk, line(sku, 2), units=2, discount_fen=2000)
    claim_timed_discounts(order_number="D1", member_id=member.pk, uses=[taken], now=NOW)
    assert MemberTally.objects.get().units == 2
    with django_assert_max_num_queries(3):
        assert discounts(line(sku, 3), who=buyer(member)) == ()
    assert [each.max_units for each in discounts(line(sku, 3), who=buyer(other))] == [2]


def test_offers_with_tiers_gifts_and_exclusions():
    gift = SkuFactory(stock=3, price_fen=900)
    tea = make_category()
    covered, excluded = make_sku(category_id=tea.pk, price_fen=10000), make_sku(category_id=tea.pk)
    offer = published(
        draft_offer(
            {"threshold_fen": 20000, "off_fen": 3000, "gift_sku": gift, "gift_quantity": 2, "gift_quota": 100},
            {"threshold_fen": 10000, "off_bp": 500, "free_shipping": True},
            category_ids=[tea.pk],
            excluded_sku_ids=[excluded.pk],
            repeats=True,
            cap_fen=6000,
            refuses=["coupon"],
        )
    )
    assert offers(line(excluded)) == ()
    (terms,) = offers(line(covered), line(excluded))
    assert terms.scope.covers(line(covered))
    assert not terms.scope.covers(line(excluded))
    assert (terms.id, terms.measure, terms.repeats, terms.cap_fen) == (offer.pk, Measure.AMOUNT, True, 6000)
    assert terms.refuses == {Mechanism.COUPON}
    label = f"{gift.product.name} {gift.options_label}".strip()
    assert terms.tiers == (
        SpendTier(10000, off_bp=500, free_shipping=True),
        SpendTier(
            20000,
            off_fen=3000,
            gifts=(Gift(gift.pk, 2, label, available=3, tier_id=offer.tiers.get(gift_sku=gift).pk, quota=100),),
        ),
    )
    SkuStock.objects.filter(pk=gift.pk).update(available=0)
    assert offers(line(covered))[0].tiers[1].gifts[0].available == 0


@pytest.mark.parametrize(
    ("measure", "threshold"), [("amount", {"threshold_fen": 10000}), ("count", {"threshold_units": 2})]
)
def test_what_the_goods_cannot_reach_is_not_counted(measure, threshold, django_assert_num_queries):
    tea, gift = make_sku(price_fen=9900), SkuFactory(stock=3, price_fen=100)
    goods = [tea.product.category_id]
    published(draft_offer({**threshold, "gift_sku": gift, "gift_quantity": 1}, measure=measure, category_ids=goods))
    assert len(offers(line(tea))) == 1
    with django_assert_num_queries(1):
        offers(line(tea))
    with django_assert_num_queries(2):
        ((tier,),) = [each.tiers for each in offers(line(tea, 2))]
    assert tier.gifts[0].available == 3


def test_a_category_that_moves_is_covered_where_it_is():
    old, new = make_category("旧"), make_category("新")
    tea = make_category("茶叶", parent=old)
    sku = make_sku(category_id=tea.pk)
    published(draft_offer({"threshold_fen": 1, "free_shipping": True}, category_ids=[new.pk]))
    assert not offers(line(sku))
    Category.objects.move(tea, new, pos="first-child")
    look_at_categories_anew(CatalogChanged(product_ids=[], shared=EVERYTHING))
    assert offers(line(Sku.objects.get(pk=sku.pk)))


def test_a_scope_whose_category_is_gone_covers_nothing():
    sku, lost = make_sku(), make_category()
    offer = draft_offer({"threshold_fen": 1, "free_shipping": True}, category_ids=[lost.pk])
    lost.delete()
    published(offer)
    assert offers(line(sku)) == ()


def test_a_thousand_others_cost_a_quote_no_query(django_assert_num_queries):
    sku = make_sku()
    published(draft_discount({"sku": sku, "off_bp": 1000}))
    for _ in range(5):
        published(draft_discount({"sku": make_sku(), "off_bp": 1000}))
    assert len(discounts(line(sku))) == 1
    with django_assert_num_queries(1):
        assert len(discounts(line(sku))) == 1
    with django_assert_num_queries(1):
        assert offers(line(sku)) == ()


def paid(*lines, besides=()):
    cart = CartSnapshot(lines)
    units = offered(buyer=ANYBODY, basket=cart.basket, now=NOW, besides=besides).unit_prices
    return price(cart, Terms(unit_prices=(*units, *besides))).payable_fen


def test_the_last_unit_goes_where_it_saves_most():
    tea = make_category()
    cheap, dear = make_product(prices=[100, 10_000], category_id=tea.pk).skus.order_by("pk")
    published(draft_discount({"category": tea, "off_bp": 5000, "limit_per_member": 1}))
    assert paid(line(dear)) == 5000
    assert paid(line(cheap), line(dear)) == 5100
    # Of three dear ones two cost the list price: none is left for the cheap one.
    assert paid(line(cheap), line(dear, 3)) == 25_100


def test_the_last_unit_does_not_go_where_another_price_is_as_good():
    tea = make_category()
    first, second = make_product(prices=[10_000, 8_000], category_id=tea.pk).skus.order_by("pk")
    published(draft_discount({"category": tea, "off_bp": 5000, "limit_per_member": 1}))
    published(draft_discount({"sku": first, "price_fen": 5500}))
    # At ¥55 the first one is ¥5 dearer than half price, the second one ¥40: ¥55 + ¥40.
    assert paid(line(first), line(second)) == 9500
    member_price = UnitPriceTerms(1, "金卡价", Mechanism.MEMBER_PRICE, Scope(skus=frozenset([second.pk])), off_bp=4500)
    # The second one costs a member ¥44, ¥4 more than half price; the first one ¥55, ¥5 more: ¥50 + ¥44.
    assert paid(line(first), line(second), besides=[member_price]) == 9400


def test_a_price_that_many_units_have_anyway_outweighs_one_unit_that_is_cheaper():
    tea = make_category()
    many, one = make_product(prices=[10_000, 1000], category_id=tea.pk).skus.order_by("pk")
    published(draft_discount({"category": tea, "off_bp": 5000, "quota": 1}))
    published(draft_discount({"sku": many, "off_bp": 1000}))
    # Nine at ¥90, where one at half price would leave eight at ¥100; and ¥5 for the other.
    assert paid(line(many, 9), line(one)) == 81_500
