"""What must be known before something is published: whom it meets and what comes out, and the rules of platforms."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from promotions.campaigns import conflicts
from promotions.campaigns.conflicts import Conflicts, conflicts_of
from promotions.campaigns.errors import AcknowledgementNeeded, CampaignForbidden
from promotions.campaigns.models import CampaignEvent, CampaignStatus, EndReason
from promotions.campaigns.platform_rules import Traits, platform_findings
from promotions.campaigns.services.lifecycle import approve_campaign, end_campaign, findings_of, publish_campaign
from promotions.coupons.tests.making import make_template
from promotions.discounts.models import TimedDiscount
from promotions.discounts.tests.making import (
    AUTHOR,
    DAY,
    HOUR,
    NOW,
    SECOND,
    draft_discount,
    draft_offer,
    published,
)
from shop.catalog.models import Sku
from shop.catalog.services.products import change_prices
from shop.catalog.tests.factories import CLERK, make_category, make_product, make_sku

pytestmark = pytest.mark.django_db


def publish(campaign, *noted, actor=AUTHOR, step=publish_campaign):
    return step(kind=campaign.KIND, pk=campaign.pk, actor=actor, now=NOW, noted=noted)


def stored(campaign):
    return type(campaign).objects.get(pk=campaign.pk)


def test_a_conflicting_campaign_is_named_with_window_and_combined_result():
    sku = make_sku(price_fen=10_000, name="西湖龙井")
    discount = published(draft_discount({"sku": sku, "off_bp": 2000}, starts_at=NOW + HOUR))
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 3000}, ends_at=NOW + 3 * HOUR)
    (conflict,) = conflicts_of(offer).named
    assert (conflict.other, conflict.sku) == (discount, sku)
    assert (conflict.starts_at, conflict.ends_at) == (NOW + HOUR, NOW + 3 * HOUR)
    # Four units, ¥400: ¥30 off alone; at 80 percent ¥320; ¥320 less ¥30 with both.
    assert conflict.units == 4
    assert (conflict.without_fen, conflict.with_this_fen) == (40_000, 37_000)
    assert (conflict.with_other_fen, conflict.with_both_fen) == (32_000, 29_000)
    for part in ("双十一", "西湖龙井", "2026-11-20 13:00", "2026-11-20 15:00", "¥370.00", "¥320.00", "¥290.00"):
        assert part in conflict.sentence


def test_it_is_published_only_by_somebody_who_took_note():
    sku = make_sku(price_fen=10_000)
    published(draft_discount({"sku": sku, "off_bp": 2000}))
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 3000})
    with pytest.raises(AcknowledgementNeeded) as caught:
        publish(offer)
    (finding,) = caught.value.data["findings"]
    assert stored(offer).status == CampaignStatus.DRAFT
    assert not CampaignEvent.objects.filter(action="noted").exists()
    with pytest.raises(AcknowledgementNeeded):
        publish(offer, "another code")
    assert publish(offer, finding.code).status == CampaignStatus.RUNNING
    noted = CampaignEvent.objects.get(action="noted")
    assert (noted.kind, noted.campaign_id, noted.actor) == (offer.KIND, offer.pk, "staff:author")
    assert (noted.finding, noted.note) == (finding.code, finding.message)


def test_whoever_approves_takes_note_anew():
    sku = make_sku(price_fen=10_000)
    offer = draft_offer({"threshold_fen": 20_000, "off_bp": 6000})
    assert publish(offer).status == CampaignStatus.AWAITING_APPROVAL
    other = draft_discount({"sku": sku, "off_bp": 100})
    (seen,) = findings_of(other, now=NOW)  # what waits for approval is met as well
    publish(other, seen.code)
    with pytest.raises(AcknowledgementNeeded) as caught:
        publish(offer, actor=SECOND, step=approve_campaign)
    assert stored(offer).status == CampaignStatus.AWAITING_APPROVAL
    (finding,) = caught.value.data["findings"]
    assert publish(offer, finding.code, actor=SECOND, step=approve_campaign).status == CampaignStatus.RUNNING


def test_what_differs_in_time_goods_or_people_does_not_meet():
    tea, toys = make_category(), make_category()
    made = make_product(prices=[10_000], category_id=tea.pk)
    make_product(prices=[10_000], category_id=toys.pk)
    offer = draft_offer(
        {"threshold_fen": 1000, "free_shipping": True}, category_ids=[tea.pk], tier_ids=[1], ends_at=NOW + DAY
    )
    published(draft_discount({"category": toys, "off_bp": 100}))
    published(draft_discount({"category": tea, "off_bp": 100}, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY))
    published(draft_discount({"category": tea, "off_bp": 100}, tier_ids=[2]))
    draft_discount({"category": tea, "off_bp": 100})
    make_template(status=CampaignStatus.ENDED)
    assert conflicts_of(offer) == Conflicts()
    met = published(draft_discount({"product": made, "off_bp": 100}, tier_ids=[1, 2], ends_at=None))
    assert [each.other for each in conflicts_of(offer).named] == [met]
    Sku.objects.filter(product=made).update(is_active=False)
    assert conflicts_of(offer) == Conflicts()


def test_goods_that_one_of_them_excludes_are_not_shared():
    tea = make_category()
    plain, dear = make_product(prices=[5000, 9000], category_id=tea.pk).skus.order_by("pk")
    published(draft_discount({"category": tea, "off_bp": 1000}))
    offer = draft_offer({"threshold_fen": 1, "free_shipping": True}, excluded_sku_ids=[dear.pk])
    (conflict,) = conflicts_of(offer).named
    assert conflict.sku == plain
    offer.excluded_product_ids = [plain.product_id]
    assert conflicts_of(offer) == Conflicts()


def test_coupons_meet_what_acts_by_itself_but_not_each_other():
    make_sku(price_fen=10_000)
    coupon = make_template(starts_at=NOW, ends_at=NOW + DAY)  # ¥20 off from ¥100
    other = make_template(starts_at=NOW, ends_at=NOW + DAY)
    assert conflicts_of(coupon) == Conflicts()
    offer = draft_offer({"threshold_fen": 10_000, "off_fen": 1000})
    found = conflicts_of(offer).named
    assert {each.other for each in found} == {coupon, other}
    # Two units, ¥200: ¥10 off by the offer, ¥20 by the coupon, ¥30 by both.
    assert {(each.with_this_fen, each.with_other_fen, each.with_both_fen) for each in found} == {
        (19_000, 18_000, 17_000)
    }


def test_prices_raised_within_the_week_are_told():
    cheap, honest, old = (make_sku(price_fen=5000) for _ in range(3))
    for sku, before in ((cheap, 6 * DAY), (honest, None), (old, 8 * DAY)):
        Sku.history.filter(id=sku.pk).update(history_date=NOW - 30 * DAY)
        if before is not None:
            change_prices(prices={sku.pk: 8000}, actor=CLERK, now=NOW - before)
            Sku.history.filter(id=sku.pk, price_fen=8000).update(history_date=NOW - before)
    discount = draft_discount(*({"sku": sku, "off_bp": 1000} for sku in (cheap, honest, old)))
    (finding,) = findings_of(discount, now=NOW)
    assert cheap.code in finding.message
    assert honest.code not in finding.message
    assert old.code not in finding.message
    assert findings_of(discount, now=NOW + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("traits", "code", "forbidden"),
    [
        (Traits(rewards_sharing=True), "rewards_sharing", True),
        (Traits(rewards_groups=True), "rewards_groups", False),
        (Traits(draws=True, odds_published=False), "odds_not_published", True),
        (Traits(draws=True, highest_prize_fen=5_000_001), "prize_too_high", True),
        (Traits(levels=3), "too_many_levels", True),
        (Traits(sends_sms=True), "sms_needs_consent", False),
    ],
)
def test_rules_of_platforms_and_the_law(traits, code, forbidden):
    (finding,) = platform_findings(traits)
    assert (finding.code, finding.forbidden) == (code, forbidden)


def test_what_keeps_to_the_rules_is_left_alone():
    assert platform_findings(Traits(draws=True, highest_prize_fen=5_000_000, levels=2)) == []


def test_what_is_forbidden_is_not_published_whoever_takes_note(monkeypatch):
    discount = draft_discount({"sku": make_sku(), "off_bp": 1000})
    monkeypatch.setattr(TimedDiscount, "traits", lambda self, *, now: Traits(rewards_sharing=True))
    with pytest.raises(CampaignForbidden):
        publish(discount, "rewards_sharing")
    assert stored(discount).status == CampaignStatus.DRAFT
    assert not CampaignEvent.objects.filter(action="noted").exists()


def test_many_campaigns_that_are_met_cost_as_many_queries_as_some():
    skus = [make_sku(price_fen=1000) for _ in range(4)]
    mine = draft_offer({"threshold_fen": 1000, "off_fen": 100}, starts_at=NOW, ends_at=None)
    assert conflicts_of(mine) == Conflicts()
    for sku in skus:
        draft_discount({"sku": sku, "price_fen": 900}, status="running")
        draft_offer({"threshold_fen": 1, "gift_sku": sku}, status="running", sku_ids=[sku.pk])
        make_template()
    conflicts_of(mine)  # what is kept in memory is known from here on
    with CaptureQueriesContext(connection) as some:
        assert len(conflicts_of(mine).named) == 12
    for number in range(10):
        draft_discount({"product": skus[0].product, "off_bp": 100}, name=f"d{number}", status="running")
        draft_offer({"threshold_fen": 1, "off_fen": 1}, name=f"o{number}", status="running")
    with CaptureQueriesContext(connection) as many:
        found = conflicts_of(mine)
    assert (len(found.named), len(found.others)) == (20, 12)
    assert len(many) == len(some)


def test_what_is_met_beyond_those_that_are_explained_is_counted_named_and_noted(monkeypatch):
    monkeypatch.setattr(conflicts, "SHOWN", 2)
    sku = make_sku(price_fen=1000)
    for name in ("a", "b", "c", "d", "e"):
        published(draft_discount({"sku": sku, "price_fen": 900}, name=name, starts_at=NOW, ends_at=None))
    offer = draft_offer({"threshold_fen": 1000, "off_fen": 100}, starts_at=NOW, ends_at=None)
    with override("en"):
        told = findings_of(offer, now=NOW)
    assert len(told) == 3
    assert told[-1].message == "And it meets 3 more: “c”, “d”…. The calendar shows them all."
    codes = {each.code for each in told}
    sixth = published(draft_discount({"sku": sku, "price_fen": 950}, name="f", starts_at=NOW, ends_at=None))
    with pytest.raises(AcknowledgementNeeded):
        publish_campaign(kind=offer.KIND, pk=offer.pk, actor=AUTHOR, now=NOW, noted=codes)
    assert {each.code for each in findings_of(offer, now=NOW)} & codes == {each.code for each in told[:2]}
    end_campaign(kind=sixth.KIND, pk=sixth.pk, reason=EndReason.STOPPED, actor=AUTHOR, now=NOW)
    publish_campaign(kind=offer.KIND, pk=offer.pk, actor=AUTHOR, now=NOW, noted=codes)
    noted = CampaignEvent.objects.filter(action="noted", kind=offer.KIND).values_list("note", flat=True)
    assert [note for note in noted if "“c”" in note]


def test_the_dearest_of_what_both_name_is_the_specimen():
    """By SKU, by product and by category, those that one excludes left out."""
    tea, toys = make_category(), make_category()
    cheap, dear = make_product(prices=[5000, 9000], category_id=tea.pk).skus.order_by("pk")
    toy = make_product(prices=[7000], category_id=toys.pk).skus.get()
    offer = draft_offer({"threshold_fen": 1000, "off_fen": 100}, excluded_category_ids=[toys.pk], starts_at=NOW)
    for row, specimen in (
        ({"category": tea, "off_bp": 100}, dear),
        ({"product": cheap.product, "off_bp": 100}, dear),
        ({"sku": cheap, "price_fen": 100}, cheap),
        ({"sku": toy, "price_fen": 100}, None),
    ):
        other = draft_discount(row, status="running")
        assert [each.sku for each in conflicts_of(offer).named] == ([specimen] if specimen else [])
        other.delete()
