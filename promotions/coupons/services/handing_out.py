"""The staff hands a coupon out to a segment or a list of members: counted first, approved where many get it, then given
in the background, a batch to a transaction, from where the last one ended.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet

from members.identity.models import Member
from promotions.campaigns.audience import Audience
from promotions.campaigns.queries import members_in
from promotions.coupons.errors import (
    CouponNotGivenNow,
    HandOutApproverIsAuthor,
    HandOutToNobody,
    TemplateIsForCodes,
)
from promotions.coupons.facts import HandOutStarted
from promotions.coupons.models import CouponTemplate, HandOut, HandOutMember
from promotions.coupons.models.hand_outs import TRANSITIONS, HandOutStatus
from promotions.coupons.notices import tell_given
from promotions.coupons.preferences import APPROVAL_MEMBERS
from promotions.coupons.services.granting import give_many
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import use_case

BATCH = 500


def recipients(*, audience: Audience | None, member_ids: Collection[int] | None, now: datetime) -> QuerySet[Member]:
    """The active members of the audience or of the list; the dry run counts them."""
    if member_ids is not None:
        return Member.objects.filter(pk__in=member_ids, status=Member.Status.ACTIVE)
    return members_in(audience=audience or Audience(), now=now)


@use_case
def start_hand_out(
    *,
    template_id: int,
    audience: Audience | None,
    member_ids: Collection[int] | None,
    note: str,
    actor: Actor,
    now: datetime,
) -> HandOut:
    """Write down who gets one. Up to the merchant's limit it begins at once, above it waits for a second person.

    Raises CouponNotGivenNow, TemplateIsForCodes, HandOutToNobody.
    """
    template = CouponTemplate.objects.get(pk=template_id)
    if template.way == CouponTemplate.Way.CODES:
        raise TemplateIsForCodes
    if not template.is_live(now=now):
        raise CouponNotGivenNow
    if member_ids is not None and not member_ids:
        raise HandOutToNobody
    aimed = audience or Audience()
    hand_out = HandOut.objects.create(
        template=template,
        note=note,
        tier_ids=sorted(aimed.tier_ids),
        segment_ids=sorted(aimed.segment_ids),
        new_members_only=aimed.new_members_only,
        status=HandOutStatus.AWAITING_APPROVAL,
        created_by=str(actor)[:80],
        created_at=now,
    )
    hand_out.member_count = _write_down(hand_out, recipients(audience=audience, member_ids=member_ids, now=now))
    if not hand_out.member_count:
        raise HandOutToNobody
    if hand_out.member_count <= APPROVAL_MEMBERS.value():
        _begin(hand_out, now)
    hand_out.save(update_fields=["member_count", "status"])
    return hand_out


@use_case
def approve_hand_out(*, hand_out_id: int, actor: Actor, now: datetime) -> HandOut:
    """Raises HandOutApproverIsAuthor, IllegalTransition."""
    hand_out = _locked(hand_out_id)
    check_transition(TRANSITIONS, current=hand_out.status, target=HandOutStatus.RUNNING)
    if str(actor)[:80] == hand_out.created_by:
        raise HandOutApproverIsAuthor
    hand_out.approved_by = str(actor)[:80]
    _begin(hand_out, now)
    hand_out.save(update_fields=["status", "approved_by"])
    return hand_out


@use_case
def cancel_hand_out(*, hand_out_id: int, actor: Actor, now: datetime) -> HandOut:
    """Nobody gets one any more; who has one keeps it. Raises IllegalTransition."""
    hand_out = _locked(hand_out_id)
    check_transition(TRANSITIONS, current=hand_out.status, target=HandOutStatus.CANCELLED)
    hand_out.status, hand_out.finished_at = HandOutStatus.CANCELLED, now
    hand_out.save(update_fields=["status", "finished_at"])
    return hand_out


def run_hand_out(*, hand_out_id: int, now: datetime, batches: int = 1_000) -> int:
    """Give in batches until all have theirs; returns how many members were dealt with. Safe to run twice at once."""
    dealt_with = 0
    for _ in range(batches):
        count = _give_batch(hand_out_id=hand_out_id, now=now)
        dealt_with += count
        if not count:
            break
    return dealt_with


def run_hand_outs(*, now: datetime) -> int:
    """Those that a killed worker left unfinished, and those that nobody has begun."""
    running = HandOut.objects.filter(status=HandOutStatus.RUNNING).order_by("pk").values_list("pk", flat=True)
    return sum(run_hand_out(hand_out_id=pk, now=now, batches=20) for pk in list(running))


@use_case
def _give_batch(*, hand_out_id: int, now: datetime) -> int:
    hand_out = HandOut.objects.filter(pk=hand_out_id).select_for_update(no_key=True, skip_locked=True).first()
    if hand_out is None or hand_out.status != HandOutStatus.RUNNING:
        return 0
    to_do = list(HandOutMember.objects.filter(hand_out=hand_out, is_done=False).order_by("pk")[:BATCH])
    if not to_do:
        hand_out.status, hand_out.finished_at = HandOutStatus.DONE, now
        hand_out.save(update_fields=["status", "finished_at"])
        return 0
    template = CouponTemplate.objects.get(pk=hand_out.template_id)
    references: dict[int, str | None] = {row.member_id: f"hand-out:{hand_out.pk}:{row.member_id}" for row in to_do}
    given = give_many(template=template, references=references, way=CouponTemplate.Way.HAND_OUT, now=now)
    for row in to_do:
        refusal = given.refusals.get(row.member_id)
        row.is_done, row.refusal = True, refusal.code if refusal else ""
    HandOutMember.objects.bulk_update(to_do, ["is_done", "refusal"])
    HandOut.objects.filter(pk=hand_out.pk).update(
        given_count=F("given_count") + len(given.coupons), refused_count=F("refused_count") + len(given.refusals)
    )
    for coupon in given.coupons.values():
        tell_given(coupon, template=template, now=now)
    return len(to_do)


def _write_down(hand_out: HandOut, members: QuerySet[Member]) -> int:
    """Copied inside the database, however many they are."""
    chosen, parameters = members.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coupons_handoutmember (hand_out_id, member_id, is_done, refusal)"
            f" SELECT %s, chosen.id, false, '' FROM ({chosen}) AS chosen (id) ORDER BY chosen.id",
            [hand_out.pk, *parameters],
        )
        return cursor.rowcount


def _begin(hand_out: HandOut, now: datetime) -> None:
    hand_out.status = HandOutStatus.RUNNING
    publish(HandOutStarted(hand_out_id=hand_out.pk, at=now))


def _locked(hand_out_id: int) -> HandOut:
    return HandOut.objects.select_for_update(no_key=True).get(pk=hand_out_id)
