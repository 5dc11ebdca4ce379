"""Taking back what a run gave: coupons that nobody has used, and points, spent or not. Messages stay read."""

from datetime import datetime

from django.utils.translation import gettext as _

from analytics.outreach.errors import RunNotUndoable
from analytics.outreach.facts import RunGoesOn
from analytics.outreach.models import Contact, ContactStatus, Run, RunStatus
from analytics.outreach.services.acting import reference_of
from points.ledger.locks import lock_accounts
from points.ledger.services import claw_back
from promotions.coupons.models import Coupon
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.services import void_coupon
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

BATCH = 200
OVER = (RunStatus.DONE, RunStatus.STOPPED)


@use_case
def undo_run(*, run_id: int, actor: Actor, now: datetime) -> Run:
    """Begin to take back; a debt is left where the points are spent. Raises RunNotUndoable."""
    run = Run.objects.select_for_update(no_key=True, of=("self",)).get(pk=run_id)
    if run.status not in OVER or run.chosen_at is None:
        raise RunNotUndoable
    run.status, run.undone_by, run.not_before = RunStatus.UNDOING, str(actor)[:80], now
    run.save(update_fields=["status", "undone_by", "not_before"])
    publish(RunGoesOn(run_id=run.pk, at=now))
    return run


def undo_batch(run: Run, *, now: datetime) -> bool:
    """The next members of a locked run, inside the caller's unit of work; whether there are more."""
    batch = list(run.contacts.filter(status=ContactStatus.DONE).order_by("pk")[:BATCH])
    if not batch:
        run.status = RunStatus.UNDONE
        run.save(update_fields=["status"])
        return False
    _void_coupons(batch, run, now)
    with_points = sorted((contact for contact in batch if contact.points), key=lambda each: each.member_id)
    lock_accounts(member_ids=[contact.member_id for contact in with_points])
    for contact in with_points:
        reference = reference_of(contact)
        claw_back(of=reference, reference=f"{reference}:undo", points=contact.points, now=now)
    for contact in batch:
        contact.status = ContactStatus.UNDONE
    Contact.objects.bulk_update(batch, ["status"])
    return True


def _void_coupons(batch: list[Contact], run: Run, now: datetime) -> None:
    """Those that are still unused; what was used stays used."""
    numbers = [contact.coupon_number for contact in batch if contact.coupon_number]
    unused = Coupon.objects.filter(number__in=numbers, status=CouponStatus.UNUSED, valid_until__gt=now).order_by("pk")
    locked = list(unused.select_for_update(no_key=True).values_list("pk", flat=True))
    actor = Actor.staff(run.undone_by.removeprefix("staff:"))
    for pk in locked:
        void_coupon(coupon_id=pk, reason=_("The outreach run that gave it was undone."), actor=actor, now=now)
