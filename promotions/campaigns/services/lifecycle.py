"""Every step of a campaign from draft to end. Each is recorded, moves the version and tells the rooms above."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import models

from promotions.campaigns import version
from promotions.campaigns.conflicts import conflicts_of
from promotions.campaigns.errors import (
    AcknowledgementNeeded,
    ApproverIsAuthor,
    CampaignForbidden,
    CampaignIncomplete,
    CampaignNotEditable,
    CampaignOver,
)
from promotions.campaigns.facts import CampaignEnded, CampaignStarted
from promotions.campaigns.findings import Finding
from promotions.campaigns.locks import C, lock_campaign
from promotions.campaigns.mechanisms import campaign_models, model_of
from promotions.campaigns.models import (
    OVERSPENT,
    PUBLISHED,
    TRANSITIONS,
    Campaign,
    CampaignEvent,
    CampaignStatus,
    EndReason,
)
from promotions.campaigns.platform_rules import platform_findings
from promotions.campaigns.preferences import APPROVAL_BUDGET_FEN, APPROVAL_DEPTH_BP
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import use_case

Action = CampaignEvent.Action
_NAMED = 80


def signature(actor: Actor) -> str:
    """As campaigns keep who did something: what is compared with it must be cut alike."""
    return str(actor)[:_NAMED]


def record(campaign: Campaign, action: str, *, actor: Actor, now: datetime, finding: str = "", note: str = "") -> None:
    """Write a step down; inside the caller's transaction."""
    CampaignEvent.objects.create(
        kind=campaign.KIND,
        campaign_id=campaign.pk,
        action=action,
        finding=finding,
        note=note[:500],
        actor=signature(actor),
        happened_at=now,
    )


def save_draft(*, campaign: Campaign, actor: Actor, now: datetime) -> None:
    """Write a new draft, or what was edited of one; inside the caller's transaction. Raises CampaignNotEditable."""
    if campaign.pk is None:
        campaign.created_by = signature(actor)
        campaign.save(force_insert=True)
        record(campaign, Action.CREATED, actor=actor, now=now)
        return
    if not lock_campaign(type(campaign), campaign.pk).is_draft:
        raise CampaignNotEditable
    campaign.save()


@use_case
def publish_campaign(
    *, kind: str, pk: int, actor: Actor, now: datetime, noted: Collection[str] = frozenset()
) -> Campaign:
    """Let it act in its window, or have it approved first where it goes beyond the limits of one person.

    `noted` are the codes of the findings that the actor has taken note of. Raises CampaignIncomplete, CampaignOver,
    CampaignForbidden, AcknowledgementNeeded, IllegalTransition.
    """
    return submit(lock_campaign(model_of(kind), pk), actor=actor, now=now, noted=noted)


def submit(
    campaign: C,
    *,
    actor: Actor,
    now: datetime,
    noted: Collection[str] = frozenset(),
    findings: Sequence[Finding] | None = None,
) -> C:
    """What `publish_campaign` does to a locked campaign, inside the caller's transaction.

    `findings` are those of before, where several campaigns are published together and the version is held already.
    """
    check_transition(TRANSITIONS, current=campaign.status, target=CampaignStatus.AWAITING_APPROVAL)
    _check_complete(campaign, now)
    if findings is None:
        version.hold()
        findings = findings_of(campaign, now=now)
    _take_note(campaign, findings, noted, actor=actor, now=now)
    campaign.published_by, campaign.approved_by = signature(actor), ""
    campaign.revision += 1
    campaign.before_publication()
    if campaign.is_overspent:
        raise CampaignIncomplete(reasons=str(OVERSPENT))
    if needs_approval(campaign):
        _move(campaign, CampaignStatus.AWAITING_APPROVAL)
        record(campaign, Action.SUBMITTED, actor=actor, now=now)
        return campaign
    return _let_act(campaign, Action.PUBLISHED, actor=actor, now=now)


def needs_approval(campaign: Campaign) -> bool:
    """Whether a second person must see it, by how deep it cuts or how much it may spend.

    Without a budget that is what it can give away in all; where nothing bounds that, it is beyond any limit. So is
    what gives to all without end, where a budget is no more than the moment at which it stops.
    """
    limit_bp, limit_fen = APPROVAL_DEPTH_BP.value(), APPROVAL_BUDGET_FEN.value()
    if campaign.depth_bp() > limit_bp:
        return True
    if campaign.budget_fen is not None and not campaign.gives_to_all():
        return campaign.budget_fen > limit_fen
    cost_fen = campaign.highest_cost_fen()
    return not limit_fen or cost_fen is None or cost_fen > limit_fen


def findings_of(campaign: Campaign, *, now: datetime) -> list[Finding]:
    """What must be known before it is published: platform rules first, then the campaigns that it meets."""
    return [*platform_findings(campaign.traits(now=now)), *conflicts_of(campaign).findings]


@use_case
def approve_campaign(
    *, kind: str, pk: int, actor: Actor, now: datetime, noted: Collection[str] = frozenset()
) -> Campaign:
    """Whoever approves takes note of everything anew: it may have changed since the campaign was submitted.

    Raises ApproverIsAuthor for whoever made or submitted it, CampaignOver, AcknowledgementNeeded, IllegalTransition.
    """
    campaign = lock_campaign(model_of(kind), pk)
    if campaign.status != CampaignStatus.AWAITING_APPROVAL:
        check_transition({}, current=campaign.status, target="approved")
    if signature(actor) in (campaign.created_by, campaign.published_by):
        raise ApproverIsAuthor
    _check_complete(campaign, now)
    version.hold()
    _take_note(campaign, findings_of(campaign, now=now), noted, actor=actor, now=now)
    campaign.approved_by = signature(actor)
    return _let_act(campaign, Action.APPROVED, actor=actor, now=now)


@use_case
def withdraw_campaign(*, kind: str, pk: int, actor: Actor, now: datetime, note: str = "") -> Campaign:
    """Back to a draft that can be edited: before it starts, while it is paused, or instead of an approval."""
    campaign = lock_campaign(model_of(kind), pk)
    returned = campaign.status == CampaignStatus.AWAITING_APPROVAL and signature(actor) != campaign.published_by
    _move(campaign, CampaignStatus.DRAFT)
    _announce(campaign)
    record(campaign, Action.RETURNED if returned else Action.WITHDRAWN, actor=actor, now=now, note=note)
    return campaign


@use_case
def pause_campaign(*, kind: str, pk: int, actor: Actor, now: datetime) -> Campaign:
    campaign = lock_campaign(model_of(kind), pk)
    _move(campaign, CampaignStatus.PAUSED)
    _announce(campaign)
    record(campaign, Action.PAUSED, actor=actor, now=now)
    return campaign


@use_case
def resume_campaign(*, kind: str, pk: int, actor: Actor, now: datetime) -> Campaign:
    """Raises CampaignOver once its end has come."""
    campaign = lock_campaign(model_of(kind), pk)
    if campaign.status != CampaignStatus.PAUSED:
        check_transition({}, current=campaign.status, target="resumed")
    _check_window(campaign, now)
    return _let_act(campaign, Action.RESUMED, actor=actor, now=now)


@use_case
def end_campaign(*, kind: str, pk: int, reason: EndReason, actor: Actor, now: datetime) -> Campaign:
    """For good. One that has ended already stays as it is."""
    campaign = lock_campaign(model_of(kind), pk)
    if campaign.status != CampaignStatus.ENDED:
        end(campaign, reason, actor=actor, now=now)
    return campaign


@use_case
def clone_campaign(*, kind: str, pk: int, actor: Actor, now: datetime) -> Campaign:
    """A new draft that is alike in everything but its name, its past and what it has spent."""
    model = model_of(kind)
    source, copy = model._default_manager.get(pk=pk), model._default_manager.get(pk=pk)
    copy.pk, copy._state.adding = None, True
    longest = model._meta.get_field("name").max_length or 0
    copy.name = f"{source.name[: longest - 2]} 2"
    copy.status, copy.end_reason, copy.ended_at = CampaignStatus.DRAFT, "", None
    copy.spent_fen, copy.revision = 0, 0
    copy.created_by, copy.published_by, copy.approved_by = signature(actor), "", ""
    copy.forget_past()
    copy.save(force_insert=True)
    copy.clone_children(source)
    record(copy, Action.CLONED, actor=actor, now=now, note=f"{source.name} ({source.pk})")
    return copy


def advance_campaigns(*, now: datetime) -> dict[str, int]:
    """Let the stored status follow the clock and the budget; each campaign in a transaction of its own."""
    started, ended = 0, 0
    system = Actor.system("campaigns.advance")
    for model in campaign_models():
        due = model._default_manager.filter(status=CampaignStatus.SCHEDULED, starts_at__lte=now)
        started += sum(_start(model, pk, system, now) for pk in due.order_by("pk").values_list("pk", flat=True))
        over = models.Q(status__in=[*PUBLISHED, CampaignStatus.PAUSED], ends_at__lte=now)
        spent = models.Q(status__in=PUBLISHED, spent_fen__gte=models.F("budget_fen"))
        for campaign in model._default_manager.filter(over | spent).order_by("pk"):
            has_run_out = campaign.ends_at is not None and campaign.ends_at <= now
            if has_run_out or campaign.is_used_up():
                reason = EndReason.WINDOW if has_run_out else EndReason.BUDGET
                end_campaign(kind=model.KIND, pk=campaign.pk, reason=reason, actor=system, now=now)
                ended += 1
    return {"started": started, "ended": ended}


@use_case
def _start(model: type[Campaign], pk: int, actor: Actor, now: datetime) -> int:
    campaign = lock_campaign(model, pk)
    if campaign.status != CampaignStatus.SCHEDULED:
        return 0
    # Whoever keeps promotions in memory has known the hour: nothing is announced.
    _move(campaign, CampaignStatus.RUNNING)
    record(campaign, Action.STARTED, actor=actor, now=now)
    publish(CampaignStarted(kind=campaign.KIND, campaign_id=campaign.pk, at=now))
    return 1


def _let_act(campaign: C, action: str, *, actor: Actor, now: datetime) -> C:
    begun = campaign.starts_at <= now
    _move(campaign, CampaignStatus.RUNNING if begun else CampaignStatus.SCHEDULED)
    _announce(campaign)
    record(campaign, action, actor=actor, now=now)
    if begun:
        publish(CampaignStarted(kind=campaign.KIND, campaign_id=campaign.pk, at=now))
    return campaign


def end(campaign: Campaign, reason: EndReason, *, actor: Actor, now: datetime) -> None:
    """What `end_campaign` does to a locked campaign, inside the caller's transaction."""
    campaign.end_reason, campaign.ended_at = reason, now
    _move(campaign, CampaignStatus.ENDED)
    if reason != EndReason.WINDOW:
        _announce(campaign)
    record(campaign, Action.ENDED, actor=actor, now=now, note=str(EndReason(reason).label))
    publish(CampaignEnded(kind=campaign.KIND, campaign_id=campaign.pk, reason=reason, at=now))


def _move(campaign: Campaign, target: CampaignStatus) -> None:
    check_transition(TRANSITIONS, current=campaign.status, target=target)
    campaign.status = target
    fields = ["status", "revision", "spent_fen", "published_by", "approved_by", "end_reason", "ended_at"]
    campaign.save(update_fields=fields)


def _announce(campaign: Campaign) -> None:
    """What acts has changed otherwise than by the clock."""
    version.bump()
    campaign.touch_catalogue()


def _take_note(
    campaign: Campaign, found: Sequence[Finding], noted: Collection[str], *, actor: Actor, now: datetime
) -> None:
    forbidden = [each.message for each in found if each.forbidden]
    if forbidden:
        raise CampaignForbidden(reasons=" ".join(forbidden))
    if any(each.code not in noted for each in found):
        raise AcknowledgementNeeded(findings=found)
    for each in found:
        record(campaign, Action.ACKNOWLEDGED, actor=actor, now=now, finding=each.code, note=each.message)


def _check_complete(campaign: Campaign, now: datetime) -> None:
    _check_window(campaign, now)
    reasons: list[Any] = list(campaign.lacks())
    if reasons:
        raise CampaignIncomplete(reasons=" ".join(str(each) for each in reasons))


def _check_window(campaign: Campaign, now: datetime) -> None:
    if campaign.ends_at is not None and campaign.ends_at <= now:
        raise CampaignOver
