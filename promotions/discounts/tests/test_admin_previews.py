"""The console's preview: what a member would pay at a time, with drafts as if they were published."""

import pytest
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.services.first_purchases import confirm_first_purchase
from promotions.discounts.tests.making import HOUR, NOW, draft_discount, draft_offer, published
from shop.catalog.tests.factories import SkuFactory, make_sku

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_at_noon")]


def preview(client, *drafts, **fields):
    url = reverse("admin:campaigns_preview") + "?" + "&".join(f"draft={each.KIND}-{each.pk}" for each in drafts)
    given = {"at_0": "2026-11-20", "at_1": "13:00", "units_1": 1, "units_2": 1, "units_3": 1, **fields}
    return client.post(url, given)


def test_a_preview_as_a_member_at_a_future_time(owner):
    sku, member = make_sku(price_fen=10_000, name="西湖龙井"), MemberFactory()
    published(draft_discount({"sku": sku, "off_bp": 2000}, starts_at=NOW + HOUR))
    page = preview(owner, member=member.pk, sku_1=sku.pk, units_1=3, at_1="12:59")
    assert page.context["payable"] == "¥300.00"
    page = preview(owner, member=member.phone, sku_1=sku.pk, units_1=3)
    assert page.context["payable"] == "¥240.00"
    offer = draft_offer({"threshold_fen": 24_000, "off_fen": 4000}, new_members_only=True)
    page = preview(owner, offer, member=member.pk, sku_1=sku.pk, units_1=3)
    assert (page.context["payable"], page.context["before"]) == ("¥200.00", "¥300.00")
    effects = [row[1:] for row in page.context["effects"]["rows"]]
    assert ["双十一", "-¥60.00"] in effects
    assert ["满减", "-¥40.00"] in effects
    confirm_first_purchase(member_id=member.pk, order_number="D1", now=NOW)
    page = preview(owner, offer, member=member.pk, sku_1=sku.pk, units_1=3)
    assert page.context["payable"] == "¥240.00"
    assert "满减" in page.content.decode()  # with the reason why it does not act
    published(draft_offer({"threshold_fen": 90_000, "off_fen": 4000}, name="满九百减"))
    short = preview(owner, sku_1=sku.pk, units_1=3)
    told = [row[1:] for row in short.context["effects"]["rows"] if row[0] == "✗"]
    assert [str(part) for part in told[0]] == ["满减满赠", "再买 ¥660.00，可享“满九百减”"]
    late = preview(owner, offer, sku_1=sku.pk, at_0="2026-12-24")
    assert late.context["payable"] == "¥100.00"


def test_a_preview_shows_what_free_shipping_takes_off_where_the_freight_is_given(owner):
    sku = make_sku(price_fen=10_000, name="西湖龙井")
    offer = draft_offer({"threshold_fen": 10_000, "free_shipping": True}, name="满百包邮")
    page = preview(owner, offer, sku_1=sku.pk, freight="12.50")
    assert (page.context["payable"], page.context["before"]) == ("¥100.00", "¥112.50")
    assert page.context["lines"]["rows"][-1] == ["运费", "", "¥12.50", "满百包邮 -¥12.50", "¥0.00"]
    unknown = preview(owner, offer, sku_1=sku.pk)
    assert (unknown.context["payable"], unknown.context["before"]) == ("¥100.00", "¥100.00")
    assert len(unknown.context["lines"]["rows"]) == 1
    assert preview(owner, offer, sku_1=sku.pk, freight="x").context["form"].errors.keys() == {"freight"}


@pytest.mark.parametrize("limits", [{"quota": 2}, {"limit_per_member": 2}, {"quota": 2, "limit_per_member": 5}])
def test_a_preview_gives_no_more_units_than_one_can_have(owner, limits):
    sku = make_sku(price_fen=10_000)
    draft = draft_discount({"sku": sku, "off_bp": 2000, **limits})
    assert preview(owner, draft, sku_1=sku.pk, units_1=3).context["payable"] == "¥260.00"


def told(page):
    return [str(row[2]) for row in page.context["effects"]["rows"] if row[0] == "✗"]


def test_a_preview_says_when_what_is_left_of_a_budget_does_not_reach(owner):
    sku, gift = make_sku(price_fen=10_000), SkuFactory(price_fen=3000, cost_fen=2000)
    draft = draft_discount({"sku": sku, "off_bp": 2000}, budget_fen=5999)
    assert preview(owner, draft, sku_1=sku.pk, units_1=2).context["payable"] == "¥160.00"
    short = preview(owner, draft, sku_1=sku.pk, units_1=3)
    assert short.context["payable"] == "¥300.00"
    assert told(short) == ["“双十一”的预算不够用于此订单"]
    # What a gift costs is counted as well: 30.00 off and a gift of 20.00.
    tier = {"threshold_fen": 20_000, "off_fen": 3000, "gift_sku": gift, "gift_quantity": 1}
    for budget_fen, payable, sentences in ((5000, "¥170.00", []), (4999, "¥200.00", ["“满减”的预算不够用于此订单"])):
        page = preview(owner, draft_offer(tier, budget_fen=budget_fen), sku_1=sku.pk, units_1=2)
        assert (page.context["payable"], told(page)) == (payable, sentences)


def test_a_preview_counts_what_is_left_of_the_budget_of_what_is_published(owner):
    sku = make_sku(price_fen=10_000)
    discount = published(draft_discount({"sku": sku, "off_bp": 2000}, budget_fen=10_000))
    type(discount).objects.filter(pk=discount.pk).update(spent_fen=7000)
    assert preview(owner, sku_1=sku.pk, units_1=1).context["payable"] == "¥80.00"
    short = preview(owner, sku_1=sku.pk, units_1=2)
    assert (short.context["payable"], told(short)) == ("¥200.00", ["“双十一”的预算不够用于此订单"])


def test_a_preview_needs_goods_and_a_known_member(owner):
    assert preview(owner, member="999999999").context["form"].errors.keys() == {"member", "sku_1"}
    assert owner.get(reverse("admin:campaigns_preview") + "?draft=nothing-1&draft=x").status_code == 200
