"""Campaigns of one theme: they share window and audience and are published together or not at all."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from promotions.campaigns import version
from promotions.campaigns.errors import BundleEmpty
from promotions.campaigns.findings import Finding
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign, CampaignBundle, CampaignStatus, EndReason
from promotions.campaigns.services.lifecycle import end, findings_of, save_draft, signature, submit
from shop.core.actors import Actor
from shop.core.transactions import use_case

SHARED = ("starts_at", "ends_at", "tier_ids", "segment_ids", "channels", "new_members_only")


def campaigns_of(bundle: CampaignBundle) -> list[Campaign]:
    """Of all mechanisms, in the order of those; one query for each."""
    return list(_rows(bundle))


def save_bundle(*, bundle: CampaignBundle, actor: Actor, now: datetime) -> None:
    """Write it and give its drafts its window and audience; inside the caller's transaction."""
    bundle.created_by = bundle.created_by or signature(actor)
    bundle.save()
    for campaign in _rows(bundle, status=CampaignStatus.DRAFT):
        _share(bundle, campaign)
        save_draft(campaign=campaign, actor=actor, now=now)


def findings_of_bundle(bundle: CampaignBundle, *, now: datetime) -> list[Finding]:
    """What its drafts meet and touch besides each other: that they meet is what they are bundled for."""
    found = []
    for campaign in _rows(bundle, status=CampaignStatus.DRAFT):
        _share(bundle, campaign)
        met = findings_of(campaign, now=now)
        found += [replace(each, message=f"{campaign.name}: {each.message}") for each in met]
    return found


@use_case
def publish_bundle(*, pk: int, actor: Actor, now: datetime, noted: Collection[str] = frozenset()) -> list[Campaign]:
    """Publish all its drafts, or submit those that a second person must approve; one that cannot be keeps all back.

    Raises BundleEmpty and what `publish_campaign` does.
    """
    bundle = CampaignBundle.objects.select_for_update(no_key=True).get(pk=pk)
    drafts = list(_rows(bundle, lock=True, status=CampaignStatus.DRAFT))
    if not drafts:
        raise BundleEmpty
    for campaign in drafts:
        _share(bundle, campaign)
        campaign.save()
    version.hold()
    # Before any of them is published: that they meet each other is what they are bundled for.
    found = [findings_of(campaign, now=now) for campaign in drafts]
    return [
        submit(campaign, actor=actor, now=now, noted=noted, findings=findings)
        for campaign, findings in zip(drafts, found, strict=True)
    ]


@use_case
def stop_bundle(*, pk: int, actor: Actor, now: datetime) -> int:
    """End everything of it that is published; returns how many."""
    bundle = CampaignBundle.objects.select_for_update(no_key=True).get(pk=pk)
    acting = (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    # All of them before the version, which moves with the first that ends: nobody locks a campaign after that.
    campaigns = list(_rows(bundle, lock=True, status__in=acting))
    for campaign in campaigns:
        end(campaign, EndReason.STOPPED, actor=actor, now=now)
    return len(campaigns)


def _rows(bundle: CampaignBundle, *, lock: bool = False, **conditions: Any) -> Iterator[Campaign]:
    for model in campaign_models():
        rows = model._default_manager.filter(bundle=bundle, **conditions).order_by("pk")
        yield from rows.select_for_update(no_key=True, of=("self",)) if lock else rows


def _share(bundle: CampaignBundle, campaign: Campaign) -> None:
    """All but what the campaign has promised already."""
    for name in SHARED:
        if name not in campaign.promised():
            setattr(campaign, name, getattr(bundle, name))
