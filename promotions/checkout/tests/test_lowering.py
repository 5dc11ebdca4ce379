"""What a merchant lowers below what is used already: the form says so, in every room, and nothing is changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.bargaining.tests.making import make_live_bargain
from promotions.campaigns.errors import CampaignIncomplete
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign
from promotions.coupons.tests.making import make_live_template
from promotions.discounts.models import DiscountUse, TimedDiscountItem
from promotions.discounts.tests.making import DAY, draft_discount, draft_offer
from promotions.flash_sale.tests.making import draft_sale
from promotions.group_buy.tests.making import make_group_buy
from promotions.lottery.tests.making import draft_lottery
from promotions.presale.models import Presale
from promotions.presale.services import claim_presale
from promotions.presale.tests.making import make_item, make_presale
from promotions.quiz.tests.making import make_live_quiz
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db
CLERK = Actor.staff("clerk")


@pytest.fixture
def tea() -> Sku:
    return SkuFactory(price_fen=10_000, stock=20)


def drafts(tea: Sku) -> dict[str, Any]:
    """A draft of each kind, which was published before; as functions, because each test needs one."""
    now = clock.now()
    window = {"starts_at": now, "ends_at": now + DAY}
    return {
        "coupon": lambda: make_live_template(status="draft", total_limit=5),
        "timed_discount": lambda: draft_discount({"sku": tea, "price_fen": 8000, "quota": 5}, **window),
        "spend_offer": lambda: draft_offer({"threshold_fen": 5000, "gift_sku": tea, "gift_quota": 5}, **window),
        "quiz": lambda: make_live_quiz(status="draft", rewards_limit=5),
        "flash_sale": lambda: draft_sale(tea, starts_at=now + timedelta(hours=1)),
        "bargain": lambda: make_live_bargain(tea, status="draft", quota=5),
        "lottery": lambda: draft_lottery(now=now, prizes_per_day=5),
        "presale": lambda: make_item(tea, presale=make_presale(status="draft"), quota=5).presale,
        "group_buy": lambda: make_group_buy((tea, 7000), status="draft"),
    }


# Where its limit is, and what counts towards it: of the campaign itself, or of a part of it. Group buys have none.
LIMITS = {
    "coupon": ("", "total_limit", "claimed_count"),
    "timed_discount": ("items", "quota", "taken"),
    "spend_offer": ("tiers", "gift_quota", "gifts_given"),
    "quiz": ("", "rewards_limit", "rewards_given"),
    "flash_sale": ("items", "quota", "taken"),
    "bargain": ("", "quota", "taken"),
    "lottery": ("", "prizes_per_day", "prizes_of_day"),
    "presale": ("items", "quota", "taken"),
}


def page_of(row: Model) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def as_shown(form: Any) -> dict[str, Any]:
    """What the browser would send of a form that nobody has touched."""
    sent: dict[str, Any] = {}
    for bound in form:
        value, widget = bound.value(), bound.field.widget
        if hasattr(widget, "decompress"):
            parts = widget.decompress(bound.field.prepare_value(value)) if value else []
            texts = [f"{parts[0]:%Y-%m-%d}", f"{parts[1]:%H:%M:%S}"] if parts else ["", ""]
            sent |= {f"{bound.html_name}_{number}": text for number, text in enumerate(texts)}
        elif value is True:
            sent[bound.html_name] = "on"
        elif value or value == 0 and value is not False:
            sent[bound.html_name] = value
    return sent


def filled(desk: Client, row: Model) -> dict[str, Any]:
    page = desk.get(page_of(row))
    sent = as_shown(page.context["adminform"].form)
    for inline in page.context["inline_admin_formsets"]:
        sent |= as_shown(inline.formset.management_form)
        for form in inline.formset.initial_forms:
            sent |= as_shown(form)
        sent[f"{inline.formset.prefix}-TOTAL_FORMS"] = len(inline.formset.initial_forms)
    return sent


def test_every_room_is_here(tea: Sku) -> None:
    assert set(drafts(tea)) == {model.KIND for model in campaign_models()}
    assert set(drafts(tea)) - set(LIMITS) == {"group_buy"}


@pytest.mark.parametrize("kind", [model.KIND for model in campaign_models()])
def test_a_budget_is_not_lowered_below_what_is_given(admin_client: Client, tea: Sku, kind: str) -> None:
    campaign = drafts(tea)[kind]()
    rows = type(campaign)._default_manager.filter(pk=campaign.pk)
    rows.update(budget_fen=50_000, spent_fen=3600)
    sent = filled(admin_client, campaign)
    answer = admin_client.post(page_of(campaign), {**sent, "budget_fen": "35.99"})
    assert answer.status_code == 200
    assert "已优惠或发放的金额超过预算。" in str(answer.context["errors"])
    assert rows.get().budget_fen == 50_000
    assert admin_client.post(page_of(campaign), {**sent, "budget_fen": "36"}).status_code == 302
    assert (rows.get().budget_fen, rows.get().spent_fen) == (3600, 3600)


@pytest.mark.parametrize("kind", LIMITS)
def test_a_limit_is_not_lowered_below_what_is_taken(admin_client: Client, tea: Sku, kind: str) -> None:
    part, limit, counter = LIMITS[kind]
    campaign = drafts(tea)[kind]()
    rows = getattr(campaign, part) if part else type(campaign)._default_manager.filter(pk=campaign.pk)
    rows.update(**{limit: 5, counter: 3})
    if kind == "lottery":
        rows.update(day=clock.business_day(clock.now()))
    # The goods of a flash sale are on the pages of its sessions.
    edited = campaign.sessions.get() if kind == "flash_sale" else campaign
    sent = filled(admin_client, edited)
    [typed] = [name for name in sent if name.split("-")[-1] == limit]
    answer = admin_client.post(page_of(edited), {**sent, typed: "2"})
    assert answer.status_code == 200
    assert "数量超过此值" in str(answer.context["errors"])
    assert rows.values_list(limit, counter).get() == (5, 3)
    assert admin_client.post(page_of(edited), {**sent, typed: "3"}).status_code == 302
    assert rows.values_list(limit, counter).get() == (3, 3)


def test_prizes_of_yesterday_do_not_stand_against_a_limit_of_today(admin_client: Client, tea: Sku) -> None:
    lottery = drafts(tea)["lottery"]()
    rows = type(lottery)._default_manager.filter(pk=lottery.pk)
    rows.update(prizes_of_day=3, day=clock.business_day(clock.now() - DAY))
    sent = filled(admin_client, lottery)
    assert admin_client.post(page_of(lottery), {**sent, "prizes_per_day": "2"}).status_code == 302
    assert rows.values_list("prizes_per_day", "prizes_of_day").get() == (2, 0)


def publish(campaign: Campaign) -> None:
    now = clock.now()
    noted = {each.code for each in findings_of(campaign, now=now)}
    publish_campaign(kind=campaign.KIND, pk=campaign.pk, actor=CLERK, now=now, noted=noted)


def test_a_new_budget_holds_what_was_sold_before_it_was_set(tea: Sku) -> None:
    item = make_item(tea)
    with transaction.atomic():
        claim_presale(
            order_number="D1",
            member_id=MemberFactory.create().pk,
            item_id=item.pk,
            units=3,
            discount_fen=3600,
            now=clock.now(),
        )
    rows = Presale.objects.filter(pk=item.presale_id)
    rows.update(status="draft", budget_fen=3599)
    with pytest.raises(CampaignIncomplete, match="已优惠或发放的金额超过预算。"):
        publish(rows.get())
    assert rows.get().status == "draft"
    rows.update(budget_fen=3600)
    publish(rows.get())
    assert (rows.get().status, rows.get().spent_fen) == ("running", 3600)


def test_a_new_quota_holds_what_was_sold_before_it_was_set(tea: Sku) -> None:
    now = clock.now()
    campaign = draft_discount({"sku": tea, "price_fen": 8000, "quota": 2}, starts_at=now, ends_at=now + DAY)
    item = TimedDiscountItem.objects.get()
    DiscountUse.objects.create(
        order_number="D1",
        member=MemberFactory.create(),
        kind="timed_discount",
        campaign_id=campaign.pk,
        item=item,
        units=3,
        used_at=now,
    )
    with pytest.raises(CampaignIncomplete, match="已售数量超过此值。"):
        publish(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    TimedDiscountItem.objects.update(quota=3)
    publish(campaign)
    assert TimedDiscountItem.objects.get().taken == 3
