"""Two people publish campaigns that meet, at the same moment: the later one is told of the earlier one."""

from threading import Barrier

import pytest
from django.db import transaction

from promotions.campaigns.errors import AcknowledgementNeeded
from promotions.campaigns.locks import lock_campaign
from promotions.campaigns.models import CampaignBundle, CampaignStatus
from promotions.campaigns.services.bundles import publish_bundle
from promotions.campaigns.services.lifecycle import approve_campaign, findings_of, publish_campaign, submit
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.discounts.tests.making import AUTHOR, DAY, NOW, SECOND, draft_discount, draft_offer
from shop.catalog.tests.factories import make_sku
from tests.concurrency.racing import run_together, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def publish(offer):
    publish_campaign(kind=offer.KIND, pk=offer.pk, actor=SECOND, now=NOW)


def approve(offer):
    SpendOffer.objects.filter(pk=offer.pk).update(status=CampaignStatus.AWAITING_APPROVAL)
    approve_campaign(kind=offer.KIND, pk=offer.pk, actor=SECOND, now=NOW)


def publish_together(offer):
    bundle = CampaignBundle.objects.create(name="双十二", starts_at=NOW, ends_at=NOW + DAY)
    SpendOffer.objects.filter(pk=offer.pk).update(bundle=bundle)
    publish_bundle(pk=bundle.pk, actor=SECOND, now=NOW)


def publish_after_a_look(offer):
    """The control: the findings are those of before anybody waits for anybody."""
    with transaction.atomic():
        locked = lock_campaign(SpendOffer, offer.pk)
        submit(locked, actor=SECOND, now=NOW, findings=findings_of(locked, now=NOW))


@pytest.mark.parametrize(
    ("publishing", "is_told"),
    [(publish, True), (approve, True), (publish_together, True), (publish_after_a_look, False)],
)
def test_who_publishes_while_another_one_does_is_told_of_it(publishing, is_told):
    discount = draft_discount({"sku": make_sku(price_fen=10_000), "off_bp": 1000})
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 1000})
    submitted = Barrier(2, timeout=30)

    def first():
        with transaction.atomic():
            submit(lock_campaign(TimedDiscount, discount.pk), actor=AUTHOR, now=NOW)
            submitted.wait()
            until_somebody_waits()

    def second():
        submitted.wait()
        publishing(offer)

    answers = run_together(first, second)
    assert [type(each) for each in answers] == [type(None), AcknowledgementNeeded if is_told else type(None)]
    discount.refresh_from_db()
    offer.refresh_from_db()
    assert discount.status == CampaignStatus.RUNNING
    assert (offer.status == CampaignStatus.RUNNING) == (not is_told)
