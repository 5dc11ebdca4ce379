import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import flatten_fieldsets
from django.db import transaction
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.models import CampaignEvent, FirstPurchase
from promotions.coupons.models import CouponTemplate
from promotions.coupons.results import result_of_coupons
from promotions.coupons.services import claim_coupons, confirm_coupons
from promotions.coupons.services.verifying import show_coupon, use_in_store
from promotions.coupons.tests.making import CLERK, NOW, make_coupon, make_live_template, make_template
from shop.catalog.tests.factories import CategoryFactory
from shop.core import clock

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:coupons_coupontemplate_changelist", "admin:coupons_coupontemplate_add"
SENTENCE = "admin:coupons_coupontemplate_sentence"


def body(**changes):
    """What a browser sends for ¥20 off from ¥100 on, for seven days."""
    return {
        "name": "满减券",
        "note": "",
        "kind": "amount",
        "amount_off_fen": "20",
        "exchange_price_fen": "0",
        "threshold_fen": "100",
        "threshold_count": "0",
        "use_in": "online",
        "validity": "after_claim",
        "valid_days": "7",
        "delay_days": "0",
        "way": "claim",
        "purchase_moment": "payment",
        "purchase_min_fen": "0",
        "total_limit": "500",
        "per_member_limit": "1",
        "starts_at_0": "2026-11-22",
        "starts_at_1": "00:00:00",
        "ends_at_0": "2099-01-01",
        "ends_at_1": "00:00:00",
        **changes,
    }


def page_of(answer):
    return answer.content.decode()


def test_a_template_is_typed_in_yuan_and_published(admin_client):
    tea = CategoryFactory(name="春茶")
    answer = admin_client.post(reverse(ADD), body(categories=[tea.pk], not_with=["spend_offer"]))
    template = CouponTemplate.objects.get()
    assert answer.status_code == 302
    assert (template.amount_off_fen, template.threshold_fen, template.status) == (2000, 10_000, "draft")
    assert (template.category_ids, template.refuses, template.created_by) == ([tea.pk], ["spend_offer"], "staff:admin")
    step = reverse("admin:coupons_coupontemplate_step", args=[template.pk, "publish"])
    assert admin_client.get(step).status_code == 200
    admin_client.post(step, {"codes": "", "noted": "on"})
    template.refresh_from_db()
    assert template.status in ("running", "scheduled")
    assert CampaignEvent.objects.filter(kind="coupon", action="published").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_off_fen": ""}, "amount_off_fen"),
        ({"kind": "percent"}, "percent_off_bp"),
        ({"kind": "exchange"}, "exchange_sku"),
        ({"validity": "dates"}, "valid_until"),
        ({"valid_days": ""}, "valid_days"),
        ({"period": "day"}, "per_period_limit"),
        ({"threshold_count": "3"}, "threshold_count"),
        ({"threshold_fen": "", "threshold_count": "3", "use_in": "store"}, "threshold_count"),
    ],
)
def test_what_does_not_fit_together_is_said_beside_the_field(admin_client, changes, field):
    answer = admin_client.post(reverse(ADD), body(**changes))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert CouponTemplate.objects.count() == 0


def test_the_sentence_follows_what_is_typed(admin_client):
    tea = CategoryFactory(name="春茶")
    for changes, expected in (
        ({"categories": [tea.pk]}, "满 ¥100 减 ¥20，限春茶，领取后 7 天有效"),
        ({"kind": "percent", "percent_off_bp": "15"}, "满 ¥100 打 8.5 折，领取后 7 天有效"),
    ):
        answer = admin_client.post(reverse(SENTENCE), body(**changes), headers={"accept-language": "zh-CN"})
        assert answer.json() == {"sentence": expected}
    assert CouponTemplate.objects.count() == 0


def test_what_is_claimed_is_looked_at_and_only_its_number_changes(admin_client, member):
    template = make_live_template(total_limit=5)
    for holder in (member, MemberFactory()):
        make_coupon(holder, template=template, now=clock.now())
    change = reverse("admin:coupons_coupontemplate_change", args=[template.pk])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, body(amount_off_fen="99")).status_code == 403
    total = reverse("admin:coupons_coupontemplate_change_total", args=[template.pk])
    refused = page_of(admin_client.post(total, {"total_limit": "1"}, headers={"accept-language": "en"}))
    assert "More than that have been claimed already." in refused
    admin_client.post(total, {"total_limit": "2"})
    template.refresh_from_db()
    assert (template.total_limit, template.amount_off_fen) == (2, 2000)
    assert "2" in LogEntry.objects.get().get_change_message()


def test_who_published_it_does_not_raise_the_total_beyond_what_one_may_give(admin_client):
    # 500 at ¥20 cost ¥10,000, which one person may give.
    template = make_live_template(total_limit=100, published_by="staff:admin")
    total = reverse("admin:coupons_coupontemplate_change_total", args=[template.pk])
    assert admin_client.post(total, {"total_limit": "500"}).status_code == 302
    for more in ("501", ""):
        refused = page_of(admin_client.post(total, {"total_limit": more}, headers={"accept-language": "en"}))
        assert "A second person raises it" in refused
    template.refresh_from_db()
    assert (template.total_limit, template.approved_by, LogEntry.objects.count()) == (500, "", 1)
    CouponTemplate.objects.update(published_by="staff:author")
    assert admin_client.post(total, {"total_limit": ""}).status_code == 302
    template.refresh_from_db()
    assert (template.total_limit, template.approved_by) == (None, "staff:admin")
    CouponTemplate.objects.update(published_by="staff:admin")
    assert admin_client.post(total, {"total_limit": "900"}).status_code == 302  # fewer than any number


def test_a_draft_that_was_claimed_before_keeps_its_promises(admin_client, member):
    template = make_live_template()
    make_coupon(member, template=template, now=clock.now())
    CouponTemplate.objects.filter(pk=template.pk).update(status="draft")
    change = reverse("admin:coupons_coupontemplate_change", args=[template.pk])
    answer = admin_client.post(change, body(name="改名", amount_off_fen="1", valid_days="9"))
    assert answer.status_code == 302
    template.refresh_from_db()
    assert (template.name, template.amount_off_fen, template.valid_days) == ("改名", 2000, 9)


def test_the_list_counts_what_was_claimed_used_and_earned(admin_client, member, django_assert_max_num_queries):
    template = make_template(per_member_limit=None, total_limit=10)
    held = make_coupon(member, template=template)
    make_coupon(member, template=template)
    claim_coupons(order_number="D1", member_id=member.pk, costs_fen={held.pk: 2000}, now=NOW)
    with transaction.atomic():
        confirm_coupons(order_number="D1", revenue_fen=9900, now=NOW)
    with django_assert_max_num_queries(10):
        page = page_of(admin_client.get(reverse(LIST)))
    for shown in ("2 / 10", "1 (50%)", "¥20.00", "¥99.00"):
        assert shown in page


def test_the_result_counts_orders_and_bills(member):
    template = make_template(per_member_limit=None, use_in="anywhere")
    coupons = [make_coupon(member, template=template) for _ in range(4)]
    make_coupon(MemberFactory(), template=template)
    costs = {coupons[0].pk: 2000, coupons[1].pk: 1000}
    claim_coupons(order_number="D1", member_id=member.pk, costs_fen=costs, now=NOW)
    claim_coupons(order_number="D2", member_id=member.pk, costs_fen={coupons[2].pk: 2000}, now=NOW)
    with transaction.atomic():
        confirm_coupons(order_number="D1", revenue_fen=17_000, now=NOW)
    FirstPurchase.objects.create(member=member, order_number="D1", is_paid=True, placed_at=NOW)
    code, _until = show_coupon(number=coupons[3].number, member_id=member.pk, now=NOW)
    use_in_store(code=code, store_code="HZ01", bill_fen=12_000, actor=CLERK, now=NOW)
    found = result_of_coupons(template.pk)
    assert (found.participants, found.orders, found.new_members) == (2, 2, 1)
    assert (found.cost_fen, found.revenue_fen) == (5000, 27_000)
    assert [(day.day.isoformat(), day.orders) for day in found.days] == [("2026-11-22", 2)]


def test_a_published_template_shows_what_its_kind_has_in_yuan(admin_client):
    template = make_template(amount_off_fen=2050, threshold_fen=10_000)
    page = admin_client.get(reverse("admin:coupons_coupontemplate_change", args=[template.pk]))
    shown = [
        name if isinstance(name, str) else name.__name__
        for name in flatten_fieldsets(page.context["adminform"].fieldsets)
    ]
    assert {"amount_off_fen", "threshold_fen", "valid_days", "products"} <= set(shown)
    elsewhere = {"percent_off_bp", "most_off_fen", "exchange_sku", "exchange_price_fen", "valid_until"}
    assert not elsewhere & set(shown)
    text = page.content.decode()
    assert "¥20.50" in text
    assert "¥100.00" in text
    assert "2050" not in text
