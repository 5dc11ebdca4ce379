"""From draft to end: who may do what when, what is written down, what the clock decides."""

import pytest

from promotions.campaigns.errors import ApproverIsAuthor, CampaignIncomplete, CampaignNotEditable, CampaignOver
from promotions.campaigns.models import TRANSITIONS, CampaignEvent, CampaignStatus, EndReason
from promotions.campaigns.services.lifecycle import (
    advance_campaigns,
    approve_campaign,
    clone_campaign,
    end_campaign,
    needs_approval,
    pause_campaign,
    publish_campaign,
    resume_campaign,
    save_draft,
    withdraw_campaign,
)
from promotions.discounts.models import SpendOffer, TimedDiscount
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
from shop.catalog.tests.factories import SkuFactory, make_category, make_product, make_sku
from shop.core import preferences
from shop.core.errors import IllegalTransition
from shop.core.models import PreferenceValue

pytestmark = pytest.mark.django_db

Status = CampaignStatus


def do(step, campaign, *, actor=AUTHOR, now=NOW, **more):
    return step(kind=campaign.KIND, pk=campaign.pk, actor=actor, now=now, **more)


def steps(campaign):
    events = CampaignEvent.objects.filter(kind=campaign.KIND, campaign_id=campaign.pk).order_by("pk")
    return list(events.values_list("action", "actor"))


def stored(campaign):
    return type(campaign).objects.get(pk=campaign.pk)


def test_a_campaign_starts_and_ends_by_the_clock():
    discount = draft_discount({"sku": make_sku(), "off_bp": 1000}, starts_at=NOW + HOUR, ends_at=NOW + DAY)
    assert do(publish_campaign, discount).status == Status.SCHEDULED
    assert advance_campaigns(now=NOW + HOUR / 2) == {"started": 0, "ended": 0}
    assert stored(discount).status_at(NOW + HOUR) == Status.RUNNING
    assert advance_campaigns(now=NOW + HOUR) == {"started": 1, "ended": 0}
    assert advance_campaigns(now=NOW + HOUR) == {"started": 0, "ended": 0}
    assert stored(discount).status_at(NOW + DAY) == Status.ENDED
    assert advance_campaigns(now=NOW + DAY) == {"started": 0, "ended": 1}
    over = stored(discount)
    assert (over.status, over.end_reason, over.ended_at) == (Status.ENDED, EndReason.WINDOW, NOW + DAY)
    assert steps(discount) == [
        ("created", "staff:author"),
        ("published", "staff:author"),
        ("started", "system:campaigns.advance"),
        ("ended", "system:campaigns.advance"),
    ]


def test_what_sleeps_through_its_start_still_starts_and_ends():
    discount = draft_discount({"sku": make_sku(), "off_bp": 1000}, starts_at=NOW + HOUR, ends_at=NOW + DAY)
    do(publish_campaign, discount)
    assert advance_campaigns(now=NOW + 2 * DAY) == {"started": 1, "ended": 1}


def test_every_step_that_the_table_does_not_name_is_refused():
    campaign = draft_discount({"sku": make_sku(), "off_bp": 1000})
    steps_to = {
        Status.DRAFT: withdraw_campaign,
        Status.PAUSED: pause_campaign,
        Status.SCHEDULED: resume_campaign,
        Status.AWAITING_APPROVAL: publish_campaign,
    }
    refused = 0
    for status in Status:
        for target, step in steps_to.items():
            TimedDiscount.objects.update(status=status, end_reason="", ended_at=None)
            allowed = TRANSITIONS[status] & ({target, Status.RUNNING} if step is resume_campaign else {target})
            if step is resume_campaign and status != Status.PAUSED:
                allowed = frozenset()
            if not allowed:
                with pytest.raises(IllegalTransition):
                    do(step, campaign)
                assert stored(campaign).status == status
                refused += 1
    assert refused == 17


def test_nothing_is_published_without_goods_or_after_its_end():
    empty, offer = draft_discount(), draft_offer()
    for campaign in (empty, offer):
        with pytest.raises(CampaignIncomplete) as caught:
            do(publish_campaign, campaign)
        assert str(caught.value).strip()
    mixed = draft_offer({"threshold_units": 3, "off_bp": 1000})
    with pytest.raises(CampaignIncomplete):
        do(publish_campaign, mixed)
    late = draft_discount({"sku": make_sku(), "off_bp": 1000})
    with pytest.raises(CampaignOver):
        do(publish_campaign, late, now=NOW + DAY)
    assert {stored(each).status for each in (empty, offer, mixed, late)} == {Status.DRAFT}


def test_a_pause_beyond_the_end_is_an_end():
    discount = published(draft_discount({"sku": make_sku(), "off_bp": 1000}))
    do(pause_campaign, discount)
    with pytest.raises(CampaignOver):
        do(resume_campaign, discount, now=NOW + DAY)
    assert advance_campaigns(now=NOW + DAY)["ended"] == 1
    assert stored(discount).end_reason == EndReason.WINDOW


def test_only_drafts_are_edited():
    discount = published(draft_discount({"sku": make_sku(), "off_bp": 1000}))
    discount.name = "双十二"
    with pytest.raises(CampaignNotEditable):
        save_draft(campaign=discount, actor=AUTHOR, now=NOW)
    assert stored(discount).name == "双十一"
    do(pause_campaign, discount)
    draft = do(withdraw_campaign, discount)
    draft.name = "双十二"
    save_draft(campaign=draft, actor=AUTHOR, now=NOW)
    assert stored(discount).name == "双十二"
    assert [each.name for each in discount.history.all()[:2]] == ["双十二", "双十一"]


@pytest.mark.parametrize(
    ("item", "fields", "waits"),
    [
        ({"off_bp": 5000}, {}, False),
        ({"off_bp": 5001}, {}, True),
        ({"price_fen": 5000}, {}, False),
        ({"price_fen": 4999}, {}, True),  # of 9999 or less; 10000 − 4999 is more than half
        ({"off_bp": 100}, {"budget_fen": 1_000_000}, False),
        ({"off_bp": 100}, {"budget_fen": 1_000_001}, True),
    ],
)
def test_deep_cuts_and_large_budgets_wait_for_a_second_person(item, fields, waits):
    discount = draft_discount({"sku": make_sku(price_fen=10_000), **item}, **fields)
    assert do(publish_campaign, discount).status == (Status.AWAITING_APPROVAL if waits else Status.RUNNING)


@pytest.mark.parametrize(
    ("tier", "waits"),
    [
        ({"threshold_fen": 20_000, "off_fen": 10_000}, False),
        ({"threshold_fen": 20_000, "off_fen": 10_002}, True),
        ({"threshold_fen": 20_000, "off_bp": 6000}, True),
        ({"threshold_units": 3, "off_fen": 9_000}, False),  # three of the cheapest cost 18000
        ({"threshold_units": 3, "off_fen": 9_100}, True),
        ({"threshold_units": 3, "free_shipping": True}, False),
    ],
)
def test_offers_are_held_against_the_least_that_is_spent(tier, waits):
    tea = make_category()
    make_product(prices=[6000, 9000], category_id=tea.pk)
    make_sku(price_fen=100)
    offer = draft_offer(tier, category_ids=[tea.pk])
    if tier.get("threshold_units"):
        offer.measure = SpendOffer.CountedBy.COUNT
        save_draft(campaign=offer, actor=AUTHOR, now=NOW)
    assert do(publish_campaign, offer).status == (Status.AWAITING_APPROVAL if waits else Status.RUNNING)


def test_campaigns_without_a_budget_wait_where_the_merchant_wants_it():
    PreferenceValue.objects.create(key="promotions.approval_budget_fen", value=0)
    preferences.forget_cached()
    discount = draft_discount({"sku": make_sku(), "off_bp": 100})
    assert do(publish_campaign, discount).status == Status.AWAITING_APPROVAL


def test_the_author_does_not_approve_and_a_second_person_does():
    discount = draft_discount({"sku": make_sku(), "off_bp": 9000}, starts_at=NOW + HOUR)
    submitter = type(AUTHOR).staff("submitter")
    do(publish_campaign, discount, actor=submitter)
    for actor in (AUTHOR, submitter):
        with pytest.raises(ApproverIsAuthor):
            do(approve_campaign, discount, actor=actor)
        assert stored(discount).status == Status.AWAITING_APPROVAL
    approved = do(approve_campaign, discount, actor=SECOND)
    assert (approved.status, approved.approved_by) == (Status.SCHEDULED, "staff:second")
    assert steps(discount)[1:] == [("submitted", "staff:submitter"), ("approved", "staff:second")]
    with pytest.raises(IllegalTransition):
        do(approve_campaign, discount, actor=SECOND)


def test_nobody_approves_their_own_by_a_name_too_long_to_be_kept_whole():
    discount = draft_discount({"sku": make_sku(), "off_bp": 9000})
    submitter = type(AUTHOR).staff("a" * 150)
    do(publish_campaign, discount, actor=submitter)
    with pytest.raises(ApproverIsAuthor):
        do(approve_campaign, discount, actor=submitter)
    do(withdraw_campaign, discount, actor=submitter)
    assert [action for action, _by in steps(discount)][1:] == ["submitted", "withdrawn"]
    copy = do(clone_campaign, discount, actor=submitter)
    do(publish_campaign, copy)
    with pytest.raises(ApproverIsAuthor):
        do(approve_campaign, copy, actor=submitter)
    assert stored(copy).status == Status.AWAITING_APPROVAL


def test_the_second_person_may_return_it_instead():
    discount = draft_discount({"sku": make_sku(), "off_bp": 9000})
    do(publish_campaign, discount)
    assert do(withdraw_campaign, discount, actor=SECOND, note="too deep").status == Status.DRAFT
    event = CampaignEvent.objects.get(action="returned")
    assert (event.note, event.actor) == ("too deep", "staff:second")


def test_a_clone_is_a_draft_of_its_own():
    gift = SkuFactory(stock=5, price_fen=900)
    offer = published(
        draft_offer(
            {"threshold_fen": 10000, "off_fen": 100, "gift_sku": gift, "gift_quota": 9},
            {"threshold_fen": 20000, "off_fen": 500},
            budget_fen=50_000,
            tier_ids=[3],
        )
    )
    do(end_campaign, offer, reason=EndReason.STOPPED)
    SpendOffer.objects.filter(pk=offer.pk).update(spent_fen=400)
    offer.tiers.filter(gift_sku=gift).update(gifts_given=4)
    copy = do(clone_campaign, offer, actor=SECOND)
    assert (copy.name, copy.status, copy.created_by, copy.revision) == ("满减 2", Status.DRAFT, "staff:second", 0)
    assert (copy.spent_fen, copy.budget_fen, copy.tier_ids, copy.end_reason) == (0, 50_000, [3], "")
    tiers = list(copy.tiers.order_by("pk").values_list("threshold_fen", "off_fen", "gift_sku", "gifts_given"))
    assert tiers == [(10000, 100, gift.pk, 0), (20000, 500, None, 0)]
    assert offer.tiers.get(gift_sku=gift).gifts_given == 4
    assert [step for step, _by in steps(copy)] == ["cloned"]
    discount = published(draft_discount({"sku": make_sku(), "off_bp": 1000, "quota": 3}))
    assert do(clone_campaign, discount).items.get().off_bp == 1000


@pytest.mark.parametrize(
    ("gift", "tier", "expected"),
    [
        # Five phones for ¥1 are given away whole; the cost of ¥10 counts, not the ¥60 it sells for; ¥10 + ¥5 of ¥100.
        ({"price_fen": 899_900}, {"threshold_fen": 100, "gift_quantity": 5}, 10_000),
        ({"price_fen": 6000, "cost_fen": 1000}, {"threshold_fen": 10_000}, 1000),
        ({"price_fen": 6000, "cost_fen": 1000}, {"threshold_fen": 10_000, "off_fen": 500}, 1500),
        ({"price_fen": 6000, "cost_fen": 1000}, {"threshold_fen": 10_000, "off_bp": 2000}, 3000),
    ],
)
def test_what_a_gift_costs_counts_as_depth(gift, tier, expected):
    offer = draft_offer({"gift_sku": SkuFactory(stock=9, **gift), **tier}, budget_fen=100)
    assert offer.depth_bp() == expected
    assert needs_approval(offer) == (expected == 10_000)
