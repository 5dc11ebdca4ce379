"""Every step of a plan, from draft to end."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from analytics.outreach.calendar import next_run
from analytics.outreach.choosing import foresee
from analytics.outreach.errors import PlanApproverIsAuthor, PlanIncomplete, PlanNotEditable
from analytics.outreach.facts import PlanWentLive, RunGoesOn
from analytics.outreach.models import (
    TRANSITIONS,
    Contact,
    ContactStatus,
    EndReason,
    Every,
    Page,
    Plan,
    PlanStatus,
    Run,
    RunStatus,
    Whom,
)
from analytics.outreach.preferences import APPROVAL_PEOPLE, APPROVAL_POINTS
from analytics.outreach.words import wrong_words
from promotions.coupons.models import CouponTemplate
from shop.core.actors import Actor
from shop.core.alerts import alert_while, clear_alert, raise_alert
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import use_case

S = PlanStatus
WAITING_CAUSE = "outreach.waiting"
OPEN_RUNS = (RunStatus.WAITING, RunStatus.RUNNING)
# What a copy begins anew.
_OWN_LIFE = (
    "id",
    "status",
    "end_reason",
    "trouble",
    "next_run_at",
    "ceiling",
    "created_by",
    "created_at",
    "submitted_by",
    "approved_by",
    "ended_at",
)


def save_plan(*, plan: Plan, actor: Actor, now: datetime) -> None:
    """Write a new draft, or what was edited of one; inside the caller's transaction. Raises PlanNotEditable."""
    if plan.pk is None:
        plan.created_by, plan.created_at = str(actor)[:80], now
        plan.save(force_insert=True)
        return
    if not lock_plan(plan.pk).is_draft:
        raise PlanNotEditable
    plan.save()


@use_case
def copy_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """A draft that says the same. Its control group is another one."""
    plan = Plan.objects.get(pk=plan_id)
    said = {
        field.attname: getattr(plan, field.attname)
        for field in Plan._meta.concrete_fields
        if field.name not in _OWN_LIFE
    }
    said |= {"name": _("{name} (copy)").format(name=plan.name[:50]), "starts_at": None, "ends_at": None}
    copied = Plan(**said)
    save_plan(plan=copied, actor=actor, now=now)
    return copied


def lacks(plan: Plan, *, now: datetime) -> list[str]:
    """What the plan needs before it can start, in the reader's language."""
    found = [*_lacks_words(plan), *wrong_words(plan)] if plan.speaks else []
    template = plan.coupon_template
    if not (template or plan.points or plan.speaks):
        found.append(_("It gives nothing and says nothing."))
    if template and (not template.is_live(now=now) or template.way == CouponTemplate.Way.CODES):
        found.append(_("Its coupon is not given out at present."))
    if plan.whom == Whom.SEGMENTS and not plan.segment_ids:
        found.append(_("Choose at least one segment."))
    if plan.ends_at and plan.ends_at <= now or next_run(plan, after=now) is None:
        found.append(_("It would be over before it begins."))
    return found


def _lacks_words(plan: Plan) -> list[str]:
    found = [] if plan.title and plan.text else [_("Its message needs a title and a text.")]
    if plan.page == Page.PRODUCT and not plan.product_id or plan.page == Page.COLLECTION and not plan.collection_id:
        found.append(_("Choose where the message leads."))
    return found


def needs_approval(plan: Plan, *, people: int) -> bool:
    """Whether a second person must see it: by how many it reaches, or how many points it gives, at most.

    `people` is how many it would reach now. What is repeated reaches as many as its budget says.
    """
    limits = [limit for limit in (plan.most_people, plan.most_coupons if plan.coupon_template_id else None) if limit]
    if plan.points and plan.most_points is not None:
        limits.append(plan.most_points // plan.points)
    if plan.every == Every.ONCE:
        limits.append(people)
    most = min(limits, default=None)
    return most is None or most > APPROVAL_PEOPLE.value() or most * plan.points > APPROVAL_POINTS.value()


@use_case
def start_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """Let a draft act, or have it approved first where it goes beyond the limits of one person.

    Raises PlanIncomplete, IllegalTransition.
    """
    plan = lock_plan(plan_id)
    check_transition(TRANSITIONS, current=plan.status, target=S.AWAITING)
    _check_complete(plan, now)
    plan.submitted_by, plan.approved_by, plan.ceiling = str(actor)[:80], "", None
    if needs_approval(plan, people=foresee(plan, now=now).treated):
        plan.status = S.AWAITING
    else:
        # Who comes into the audience later must not lift it over the limit.
        plan.ceiling = APPROVAL_PEOPLE.value()
        if plan.points:
            plan.ceiling = min(plan.ceiling, APPROVAL_POINTS.value() // plan.points)
        _go(plan, now)
    plan.save()
    _remind(now)
    return plan


@use_case
def approve_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """Raises PlanApproverIsAuthor for whoever made or started it, PlanIncomplete, IllegalTransition."""
    plan = lock_plan(plan_id)
    if plan.status != S.AWAITING:
        check_transition({}, current=plan.status, target="approved")
    if str(actor)[:80] in (plan.created_by, plan.submitted_by):
        raise PlanApproverIsAuthor
    _check_complete(plan, now)
    plan.approved_by, plan.ceiling = str(actor)[:80], None
    _go(plan, now)
    plan.save()
    _remind(now)
    return plan


@use_case
def take_back_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """Not to be approved any more: a draft again. Raises IllegalTransition."""
    plan = lock_plan(plan_id)
    check_transition(TRANSITIONS, current=plan.status, target=S.DRAFT)
    plan.status = S.DRAFT
    plan.save()
    _remind(now)
    return plan


@use_case
def pause_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """Nothing more goes out until it is resumed. Raises IllegalTransition."""
    plan = lock_plan(plan_id)
    check_transition(TRANSITIONS, current=plan.status, target=S.PAUSED)
    plan.status = S.PAUSED
    plan.save()
    return plan


@use_case
def resume_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """Go on where it stopped; what was due meanwhile is not made up for. Raises IllegalTransition, PlanIncomplete."""
    plan = lock_plan(plan_id)
    if plan.status != S.PAUSED:
        check_transition({}, current=plan.status, target="resumed")
    runs = list(plan.runs.filter(status__in=OPEN_RUNS).order_by("pk"))
    has_run = bool(runs) or plan.runs.exists()
    plan.status, plan.trouble = S.LIVE, ""
    if not (plan.every == Every.ONCE and has_run):
        _check_complete(plan, now)
        plan.next_run_at = next_run(plan, after=now)
    plan.save()
    clear_alert(cause=trouble_cause(plan))
    publish(*(RunGoesOn(run_id=run.pk, at=now) for run in runs))
    return plan


@use_case
def stop_plan(*, plan_id: int, actor: Actor, now: datetime) -> Plan:
    """For good: whoever waits gets nothing; who has something keeps it. Raises IllegalTransition."""
    runs = list(Run.objects.filter(plan=plan_id, status__in=OPEN_RUNS).order_by("pk").select_for_update(no_key=True))
    plan = lock_plan(plan_id)
    check_transition(TRANSITIONS, current=plan.status, target=S.ENDED)
    Contact.objects.filter(run__in=runs, status=ContactStatus.WAITING).update(status=ContactStatus.CANCELLED)
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(status=RunStatus.STOPPED, finished_at=now)
    end(plan, EndReason.STOPPED, now=now)
    return plan


def end(plan: Plan, reason: str, *, now: datetime) -> None:
    """Inside the caller's transaction, which has locked the plan."""
    plan.status, plan.end_reason, plan.ended_at, plan.next_run_at, plan.trouble = S.ENDED, reason, now, None, ""
    plan.save()
    clear_alert(cause=trouble_cause(plan))


def hold_up(plan: Plan, code: str, *, now: datetime) -> None:
    """Pause a plan that cannot go on by itself, and tell who may see to it. Inside the caller's transaction."""
    plan.status, plan.trouble = S.PAUSED, code
    plan.save()
    raise_alert(
        cause=trouble_cause(plan),
        message=gettext_noop("Outreach plan “{name}” is paused: its coupon is not given out any more"),
        data={"name": plan.name},
        link=reverse("admin:outreach_plan_change", args=[plan.pk]),
        permission="outreach.change_plan",
        now=now,
    )


def trouble_cause(plan: Plan) -> str:
    return f"outreach.trouble:{plan.pk}"


def lock_plan(plan_id: int) -> Plan:
    """Runs are locked before their plan."""
    return Plan.objects.select_for_update(no_key=True, of=("self",)).get(pk=plan_id)


def _go(plan: Plan, now: datetime) -> None:
    plan.status, plan.trouble = S.LIVE, ""
    plan.next_run_at = next_run(plan, after=now)
    publish(PlanWentLive(plan_id=plan.pk, at=now))


def _check_complete(plan: Plan, now: datetime) -> None:
    reasons = lacks(plan, now=now)
    if reasons:
        raise PlanIncomplete(reasons=" ".join(reasons))


def _remind(now: datetime) -> None:
    """Who may approve sees on the home page how many wait."""
    count = Plan.objects.filter(status=S.AWAITING).count()
    alert_while(
        count,
        cause=WAITING_CAUSE,
        message=gettext_noop("{count} outreach plans wait for approval"),
        link=reverse("admin:outreach_plan_changelist") + "?status__exact=awaiting",
        permission="outreach.change_plan",
        now=now,
    )
