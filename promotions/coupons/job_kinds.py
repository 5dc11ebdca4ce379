"""Hand-outs, stops and batches of codes, as the job centre shows them."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.coupons.facts import CouponsHalted, HandOutStarted
from promotions.coupons.models import CodeBatch, Halt, HandOut
from promotions.coupons.models.codes import BatchStatus
from promotions.coupons.models.halts import HaltStatus
from promotions.coupons.models.hand_outs import HandOutStatus
from promotions.coupons.services.granting import REFUSALS
from promotions.coupons.services.handing_out import cancel_hand_out
from shop.core.job_centre import JobKind, Progress, State

HAND_OUT_STATES = {
    HandOutStatus.AWAITING_APPROVAL: State.ASKS,
    HandOutStatus.RUNNING: State.RUNNING,
    HandOutStatus.DONE: State.DONE,
    HandOutStatus.CANCELLED: State.STOPPED,
}
HALT_STATES = {HaltStatus.RUNNING: State.RUNNING, HaltStatus.DONE: State.DONE, HaltStatus.OVERTAKEN: State.STOPPED}
BATCH_STATES = {
    BatchStatus.NEW: State.ASKS,
    BatchStatus.EXPORTING: State.RUNNING,
    BatchStatus.LIVE: State.DONE,
    BatchStatus.VOID: State.STOPPED,
}
WHY_NOT = {refusal.code: refusal for refusal in REFUSALS}


def _of_hand_out(hand_out: HandOut) -> Progress:
    state = HAND_OUT_STATES[HandOutStatus(hand_out.status)]
    done, refused, total = hand_out.given_count, hand_out.refused_count, hand_out.member_count
    said = _("{done} of {total} members, {refused} refused").format(done=done, total=total, refused=refused)
    means = _("Stop for good with {left} of {total} members left? Who has a coupon keeps it.")
    return Progress(
        state,
        done=done,
        refused=refused,
        total=total,
        said=said,
        means=means.format(left=total - done - refused, total=total) if state in (State.ASKS, State.RUNNING) else "",
    )


def _refused_members(hand_out: HandOut) -> Iterator[list[str]]:
    yield [_("member"), _("reason")]
    for row in hand_out.members.exclude(refusal="").order_by("pk").iterator(chunk_size=500):
        words = WHY_NOT[row.refusal].message if row.refusal in WHY_NOT else row.refusal
        yield [str(row.member_id), str(words)]


def _of_halt(halt: Halt) -> Progress:
    total = max(halt.coupon_count, halt.done_count)
    said = _("{done} of {all} coupons").format(done=halt.done_count, all=total)
    return Progress(HALT_STATES[HaltStatus(halt.status)], done=halt.done_count, total=total, said=said)


def _of_batch(batch: CodeBatch) -> Progress:
    said = _("{count} codes").format(count=f"{batch.quantity:,}")
    return Progress(BATCH_STATES[BatchStatus(batch.status)], said=f"{batch.get_status_display()} · {said}")


KINDS = [
    JobKind(
        name="hand-out",
        title=gettext_lazy("Hand out"),
        model=HandOut,
        asked_at="created_at",
        asked_by="created_by",
        progress=_of_hand_out,
        acts_with=["coupons.change_handout"],
        name_of=lambda hand_out: f"{hand_out.template} · {hand_out.note}",
        stop=lambda *, pk, actor, now: cancel_hand_out(hand_out_id=pk, actor=actor, now=now),
        refusals=_refused_members,
        goes_on=(HandOutStarted, "hand_out_id"),
        related=["template"],
    ),
    JobKind(
        name="halt",
        title=gettext_lazy("Stop of coupons"),
        model=Halt,
        asked_at="created_at",
        asked_by="created_by",
        progress=_of_halt,
        acts_with=["coupons.change_coupontemplate"],
        name_of=lambda halt: f"{halt.template} · {halt.get_kind_display()}",
        goes_on=(CouponsHalted, "halt_id"),
        related=["template"],
    ),
    JobKind(
        name="code-batch",
        title=gettext_lazy("Code batch"),
        model=CodeBatch,
        asked_at="created_at",
        asked_by="created_by",
        progress=_of_batch,
        acts_with=["coupons.add_codebatch"],
    ),
]
