"""What is published is looked at: money in yuan, shares in percent, as in the form of a draft."""

import pytest
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.discounts.models import DiscountUse
from promotions.discounts.services.using import OfferUse, UnitUse, claim_spend_offers, claim_timed_discounts
from promotions.discounts.tests.making import NOW, draft_discount, draft_offer, line, published
from shop.catalog.tests.factories import make_sku
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    client.force_login(StaffUser.objects.create_superuser("author"))
    with clock.fixed(NOW):
        yield client


def shown(client, row):
    page = client.get(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]))
    assert page.status_code == 200
    return page.content.decode()


def test_money_and_shares_that_are_only_looked_at_read_as_people_write_them(owner):
    first, second, member = make_sku(price_fen=5000), make_sku(), MemberFactory()
    rows = [{"sku": first, "price_fen": 4000}, {"sku": second, "off_bp": 1250}]
    discount = published(draft_discount(*rows, budget_fen=500_000))
    page = shown(owner, discount)
    for text in ("¥5,000.00", "¥40.00", "12.5%"):
        assert text in page
    for raw in ("500000", "4000<", "1250<"):
        assert raw not in page
    page = shown(owner, published(draft_offer({"threshold_fen": 123_400, "off_fen": 2050}, cap_fen=6060)))
    for text in ("¥1,234.00", "¥20.50", "¥60.60"):
        assert text in page
    use = UnitUse(discount.pk, line(first, 2), units=2, discount_fen=2000)
    claim_timed_discounts(order_number="D1", member_id=member.pk, uses=[use], now=NOW)
    assert "¥20.00" in shown(owner, DiscountUse.objects.get())
    assert "¥20.00" in owner.get(reverse("admin:discounts_discountuse_changelist")).content.decode()


def test_uses_say_in_words_what_of_which_campaign_was_taken(owner, django_assert_max_num_queries):
    sku, member = make_sku(price_fen=5000, name="西湖龙井"), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}, name="新茶节"))
    offer = published(draft_offer({"threshold_fen": 100, "off_fen": 50}, name="茶友满减"))
    for number in range(5):
        use = UnitUse(discount.pk, line(sku), 1, 1000)
        claim_timed_discounts(order_number=f"D{number}", member_id=member.pk, uses=[use], now=NOW)
        claim_spend_offers(order_number=f"D{number}", member_id=member.pk, uses=[OfferUse(offer.pk, 50)], now=NOW)
    with django_assert_max_num_queries(14):
        page = owner.get(reverse("admin:discounts_discountuse_changelist"), headers={"Accept-Language": "en"})
    rows = page.context["cl"].result_list
    assert {row.campaign_name for row in rows} == {"新茶节", "茶友满减"}
    said = page.content.decode()
    assert "Timed discount" in said
    assert "timed_discount<" not in said
    address = reverse("admin:discounts_timeddiscount_change", args=[discount.pk])
    assert f'href="{address}">新茶节</a>' in said
    only = owner.get(reverse("admin:discounts_discountuse_changelist"), {"kind": "spend_offer"})
    assert {row.campaign_name for row in only.context["cl"].result_list} == {"茶友满减"}
    assert "西湖龙井" in shown(owner, DiscountUse.objects.filter(kind=discount.KIND).first())


def test_money_and_shares_of_drafts_are_still_typed(owner):
    draft = draft_discount({"sku": make_sku(price_fen=5000), "price_fen": 4000}, budget_fen=500_000)
    page = shown(owner, draft)
    for typed in ('name="budget_fen" value="5000.00"', 'name="items-0-price_fen" value="40.00"'):
        assert typed in page
