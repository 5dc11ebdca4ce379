"""What orders take of discounts: counted exactly, given back once, refused without a trace; the budget stops."""

from threading import Barrier

import pytest

from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from promotions.campaigns.errors import BudgetSpent, CampaignNotLive
from promotions.campaigns.models import CampaignEvent, CampaignStatus, EndReason
from promotions.campaigns.services.lifecycle import (
    advance_campaigns,
    end_campaign,
    pause_campaign,
    withdraw_campaign,
)
from promotions.discounts.errors import DiscountChanged, DiscountLimitReached, DiscountSoldOut, GiftsGone
from promotions.discounts.invariants import LAWS
from promotions.discounts.models import DiscountUse, MemberTally, TimedDiscountItem
from promotions.discounts.services import using
from promotions.discounts.services.giving_back import Standing, reduce_discounts, release_discounts
from promotions.discounts.services.using import OfferUse, UnitUse, confirm_discounts
from promotions.discounts.terms import offered
from promotions.discounts.tests.making import (
    ANYBODY,
    AUTHOR,
    HOUR,
    NOW,
    draft_discount,
    draft_offer,
    line,
    published,
)
from promotions.pricing.model import CartSnapshot
from shop.catalog.tests.factories import SkuFactory, make_product, make_sku
from shop.core.transactions import use_case
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


@use_case
def claim_units(*, order, member, uses, now=NOW):
    using.claim_timed_discounts(order_number=order, member_id=member.pk, uses=uses, now=now)


@use_case
def claim_offers(*, order, member, uses, now=NOW):
    using.claim_spend_offers(order_number=order, member_id=member.pk, uses=uses, now=now)


def lawful():
    return [sentence for law in LAWS for sentence in law()] == []


def test_units_are_counted_on_the_row_that_covers_them_and_given_back_once():
    first, second = make_product(prices=[5000, 5000]).skus.order_by("pk")
    discount = published(
        draft_discount(
            {"product": first.product, "price_fen": 4000, "quota": 10, "limit_per_member": 6},
            {"sku": second, "price_fen": 3000, "quota": 3},
            budget_fen=10_000,
        )
    )
    member, others = MemberFactory(), MemberFactory()
    uses = [UnitUse(discount.pk, line(first, 4), 4, 4000), UnitUse(discount.pk, line(second, 2), 2, 4000)]
    claim_units(order="D1", member=member, uses=uses)
    claim_units(order="D1", member=member, uses=uses)  # the same order again takes nothing more
    wide, narrow = discount.items.order_by("pk")
    assert (wide.taken, narrow.taken) == (4, 2)
    assert list(MemberTally.objects.values_list("item", "member", "units")) == [(wide.pk, member.pk, 4)]
    discount.refresh_from_db()
    assert discount.spent_fen == 8000
    assert lawful()

    claim_units(order="D2", member=others, uses=[UnitUse(discount.pk, line(first, 1), 1, 1000)])
    assert release_discounts(order_number="D1", now=NOW) == 2
    assert release_discounts(order_number="D1", now=NOW) == 0
    wide.refresh_from_db()
    narrow.refresh_from_db()
    discount.refresh_from_db()
    assert (wide.taken, narrow.taken, discount.spent_fen) == (1, 0, 1000)
    assert MemberTally.objects.get(member=member).units == 0
    assert lawful()


@pytest.mark.parametrize(("units", "refusal"), [(4, DiscountSoldOut), (3, DiscountLimitReached), (2, None)])
def test_a_refusal_leaves_nothing_behind(units, refusal):
    sku, member = make_sku(price_fen=5000), MemberFactory()
    discount = published(
        draft_discount({"sku": sku, "price_fen": 4000, "quota": 3, "limit_per_member": 2}, budget_fen=100_000)
    )
    use = UnitUse(discount.pk, line(sku, units), units, 1000 * units)
    if refusal is None:
        claim_units(order="D1", member=member, uses=[use])
        assert TimedDiscountItem.objects.get().taken == 2
        return
    with pytest.raises(refusal):
        claim_units(order="D1", member=member, uses=[use])
    discount.refresh_from_db()
    assert (TimedDiscountItem.objects.get().taken, discount.spent_fen) == (0, 0)
    assert not DiscountUse.objects.exists()
    assert not MemberTally.objects.exists()


def test_a_line_that_the_discount_is_not_for_any_more_is_refused():
    """Somebody has edited the discount between the price and the claim."""
    sku, member = make_sku(price_fen=5000), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000, "quota": 5}, budget_fen=9000))
    TimedDiscountItem.objects.filter(discount=discount).update(sku=make_sku())
    with pytest.raises(DiscountChanged, match="双十一"):
        claim_units(order="D1", member=member, uses=[UnitUse(discount.pk, line(sku), 1, 1000)])
    discount.refresh_from_db()
    assert (TimedDiscountItem.objects.get().taken, discount.spent_fen) == (0, 0)
    assert not DiscountUse.objects.exists()


def test_gifts_go_while_there_are_some():
    gift, member = SkuFactory(stock=100), MemberFactory()
    offer = published(
        draft_offer(
            {"threshold_fen": 10000, "gift_sku": gift, "gift_quota": 3},
            {"threshold_fen": 20000, "gift_sku": gift, "gift_quantity": 2, "off_fen": 100},
        )
    )
    low, high = offer.tiers.order_by("threshold_fen")
    claim_offers(order="D1", member=member, uses=[OfferUse(offer.pk, 0, {low.pk: 1})])
    claim_offers(order="D2", member=member, uses=[OfferUse(offer.pk, 100, {high.pk: 2})])
    low.refresh_from_db()
    high.refresh_from_db()
    assert (low.gifts_given, high.gifts_given) == (1, 0)  # the upper tier has no quota and counts nothing
    with pytest.raises(GiftsGone):
        claim_offers(order="D3", member=member, uses=[OfferUse(offer.pk, 0, {low.pk: 3})])
    assert not DiscountUse.objects.filter(order_number="D3").exists()
    release_discounts(order_number="D1", now=NOW)
    low.refresh_from_db()
    assert low.gifts_given == 0
    assert lawful()


def test_gifts_are_paid_out_of_the_budget_and_given_back():
    """One that was bought for ¥30 takes ¥30, one of which nobody knows takes its price of ¥50."""
    bought, listed = SkuFactory(stock=100, cost_fen=3000), SkuFactory(stock=100, price_fen=5000)
    member = MemberFactory()
    offer = published(
        draft_offer(
            {"threshold_fen": 10000, "gift_sku": bought},
            {"threshold_fen": 20000, "gift_sku": listed, "off_fen": 100},
            budget_fen=14_000,
        )
    )
    low, high = offer.tiers.order_by("threshold_fen")
    claim_offers(order="D1", member=member, uses=[OfferUse(offer.pk, 0, {low.pk: 2})])
    claim_offers(order="D2", member=member, uses=[OfferUse(offer.pk, 100, {high.pk: 1})])
    offer.refresh_from_db()
    assert offer.spent_fen == 6000 + 5100
    with pytest.raises(BudgetSpent):
        claim_offers(order="D3", member=member, uses=[OfferUse(offer.pk, 0, {low.pk: 1})])
    assert not DiscountUse.objects.filter(order_number="D3").exists()
    assert lawful()

    reduce_discounts(order_number="D1", to=Standing(gifts={low.pk: 1}), revenue_fen=0)
    offer.refresh_from_db()
    assert offer.spent_fen == 3000 + 5100
    for order in ("D1", "D2"):
        release_discounts(order_number=order, now=NOW)
    offer.refresh_from_db()
    assert offer.spent_fen == 0
    assert lawful()


def test_a_claim_beyond_the_budget_is_refused_and_what_is_unpaid_may_come_back():
    sku, member = make_sku(price_fen=5000), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}, budget_fen=2000))
    claim_units(order="D1", member=member, uses=[UnitUse(discount.pk, line(sku, 2), 2, 2000)])
    with pytest.raises(BudgetSpent):
        claim_units(order="D2", member=member, uses=[UnitUse(discount.pk, line(sku), 1, 1000)])
    assert not DiscountUse.objects.filter(order_number="D2").exists()
    assert advance_campaigns(now=NOW) == {"started": 0, "ended": 0}

    release_discounts(order_number="D1", now=NOW)
    claim_units(order="D3", member=member, uses=[UnitUse(discount.pk, line(sku), 1, 1000)])
    discount.refresh_from_db()
    assert (discount.status, discount.spent_fen) == (CampaignStatus.RUNNING, 1000)


def test_a_campaign_ends_when_paid_orders_have_used_its_budget_up():
    sku, member = make_sku(price_fen=5000), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}, budget_fen=2000))
    claim_units(order="D1", member=member, uses=[UnitUse(discount.pk, line(sku, 2), 2, 2000)])
    confirm_discounts(order_number="D1", paid_fen=8000, now=NOW)
    assert advance_campaigns(now=NOW) == {"started": 0, "ended": 1}
    discount.refresh_from_db()
    assert (discount.status, discount.end_reason) == (CampaignStatus.ENDED, EndReason.BUDGET)
    assert offered(buyer=ANYBODY, basket=CartSnapshot((line(sku),)).basket, now=NOW).unit_prices == ()
    assert CampaignEvent.objects.filter(action="ended", campaign_id=discount.pk).count() == 1


def test_who_claims_late_is_told_so():
    sku, member = make_sku(price_fen=5000), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}, budget_fen=9000, ends_at=NOW + HOUR))
    use = UnitUse(discount.pk, line(sku), 1, 1000)
    with pytest.raises(CampaignNotLive):
        claim_units(order="D1", member=member, uses=[use], now=NOW + HOUR)
    end_campaign(kind=discount.KIND, pk=discount.pk, reason=EndReason.STOPPED, actor=AUTHOR, now=NOW)
    with pytest.raises(CampaignNotLive):
        claim_units(order="D1", member=member, uses=[use])
    assert not DiscountUse.objects.exists()


def test_limits_that_come_later_count_what_was_sold_before():
    sku, member = make_sku(price_fen=5000), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000}))
    claim_units(order="D1", member=member, uses=[UnitUse(discount.pk, line(sku, 2), 2, 2000)])
    assert TimedDiscountItem.objects.get().taken == 0
    pause_campaign(kind=discount.KIND, pk=discount.pk, actor=AUTHOR, now=NOW)
    withdraw_campaign(kind=discount.KIND, pk=discount.pk, actor=AUTHOR, now=NOW)
    discount.items.update(quota=3, limit_per_member=5)
    type(discount).objects.filter(pk=discount.pk).update(budget_fen=10_000)
    discount = published(discount)
    assert (TimedDiscountItem.objects.get().taken, MemberTally.objects.get().units) == (2, 2)
    assert (discount.spent_fen, discount.revision) == (2000, 2)
    assert lawful()
    release_discounts(order_number="D1", now=NOW)
    assert (TimedDiscountItem.objects.get().taken, MemberTally.objects.get().units) == (0, 0)
    assert lawful()


def test_two_accounts_of_one_person_share_one_limit():
    sku = make_sku(price_fen=5000)
    source, target = MemberFactory(phone=None, openid="one-openid"), MemberFactory()
    discount = published(draft_discount({"sku": sku, "price_fen": 4000, "limit_per_member": 3}))
    for order, member, units in [("D1", source, 2), ("D2", target, 1)]:
        claim_units(order=order, member=member, uses=[UnitUse(discount.pk, line(sku, units), units, 1000 * units)])
    merge_accounts(source_id=source.pk, target_id=target.pk, now=NOW)
    assert MemberTally.objects.get().units == 3
    assert set(DiscountUse.objects.values_list("member", flat=True)) == {target.pk}
    with pytest.raises(DiscountLimitReached):
        claim_units(order="D3", member=target, uses=[UnitUse(discount.pk, line(sku), 1, 1000)])
    release_discounts(order_number="D1", now=NOW)
    assert MemberTally.objects.get().units == 1
    assert lawful()


ALL_HAVE_LOOKED = Barrier(10, timeout=30)


@use_case
def look_and_leap(*, order, member, uses):
    """The twin without guards: it counts, finds that there is some left, and takes it."""
    is_some_left = DiscountUse.objects.count() < 3
    ALL_HAVE_LOOKED.wait()
    if is_some_left:
        DiscountUse.objects.create(
            order_number=order, member=member, kind="control", campaign_id=1, units=uses[0].units, used_at=NOW
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("limits", "budget_fen", "by_one"),
    [({"quota": 3}, None, False), ({}, 3500, False), ({"limit_per_member": 3}, None, True)],
)
@pytest.mark.parametrize("claim", [claim_units, look_and_leap])
def test_a_crowd_takes_exactly_what_there_is(claim, limits, budget_fen, by_one):
    sku = make_sku(price_fen=5000)
    discount = published(draft_discount({"sku": sku, "price_fen": 4000, **limits}, budget_fen=budget_fen))
    one = MemberFactory()
    members = [one if by_one else MemberFactory() for _ in range(10)]
    use = [UnitUse(discount.pk, line(sku), 1, 1000)]
    run_together(
        *[
            lambda number=number, member=member: claim(order=f"D{number}", member=member, uses=use)
            for number, member in enumerate(members)
        ]
    )
    taken = DiscountUse.objects.count()
    assert taken == 3 if claim is claim_units else taken > 3
    assert lawful()
