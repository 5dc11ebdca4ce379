"""Giving a batch of members what the plan has for them, right after asking once more whether it is still meant for
them. Inside the caller's transaction: coupons first, then points, then the message.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from analytics.outreach.models import Contact, ContactStatus, Plan
from analytics.outreach.notices import OUTREACH
from analytics.outreach.whom import members_aimed_at
from analytics.outreach.words import messages
from members.notifications.reachable import reachability
from members.notifications.services import notify
from points.accounts.explaining import FILE
from points.ledger.locks import lock_accounts
from points.ledger.services import grant
from promotions.coupons.errors import CouponNotGivenNow, CouponsGone
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.notices import tell_given
from promotions.coupons.services import give_many

GONE = "no_longer"
# The merchant can see to these: whoever met them goes on waiting.
REFILL = frozenset({CouponNotGivenNow.code, CouponsGone.code})


def reference_of(contact: Contact) -> str:
    """What everything is given for; under it nobody gets it twice."""
    return f"outreach:{contact.run_id}:{contact.member_id}"


def act(plan: Plan, contacts: Sequence[Contact], *, now: datetime) -> Sequence[Contact]:
    """What became of each is written on it, unsaved."""
    to_do = _still_meant(plan, contacts, now)
    if plan.coupon_template is not None:
        to_do = _give_coupons(plan, plan.coupon_template, to_do, now)
    if plan.points:
        _give_points(plan, to_do, now)
    if plan.speaks:
        _tell(plan, to_do, now)
    for contact in to_do:
        contact.status, contact.reason, contact.acted_at = ContactStatus.DONE, "", now
    return contacts


def _still_meant(plan: Plan, contacts: Sequence[Contact], now: datetime) -> list[Contact]:
    """Who has bought, left the segment, or refused messages meanwhile is left out."""
    aimed = members_aimed_at(plan, now=now).filter(pk__in=[contact.member_id for contact in contacts])
    reach: Mapping[int, str]
    if plan.speaks:
        reach = dict(aimed.annotate(reach=reachability(OUTREACH)).values_list("pk", "reach"))
    else:
        reach = dict.fromkeys(aimed.values_list("pk", flat=True), "")
    for contact in contacts:
        why_not = reach.get(contact.member_id, GONE)
        if why_not:
            contact.status, contact.reason, contact.acted_at = ContactStatus.SKIPPED, why_not, now
    return [contact for contact in contacts if contact.status == ContactStatus.WAITING]


def _give_coupons(plan: Plan, template: CouponTemplate, contacts: Sequence[Contact], now: datetime) -> list[Contact]:
    """Returns those who have got one; who may not have another is left out."""
    references: dict[int, str | None] = {contact.member_id: reference_of(contact) for contact in contacts}
    given = give_many(template=template, references=references, way=CouponTemplate.Way.HAND_OUT, now=now)
    for contact in contacts:
        coupon: Coupon | None = given.coupons.get(contact.member_id)
        if coupon is not None:
            contact.coupon_number = coupon.number
            if not plan.speaks:
                tell_given(coupon, template=template, now=now)
            continue
        contact.reason = given.refusals[contact.member_id].code
        if contact.reason not in REFILL:
            contact.status, contact.acted_at = ContactStatus.SKIPPED, now
    return [contact for contact in contacts if contact.coupon_number]


def _give_points(plan: Plan, contacts: Sequence[Contact], now: datetime) -> None:
    lock_accounts(member_ids=[contact.member_id for contact in contacts])
    for contact in sorted(contacts, key=lambda each: each.member_id):
        grant(
            reference=reference_of(contact),
            member_id=contact.member_id,
            points=plan.points,
            source=FILE,
            now=now,
            matures_at=now,
            note=plan.title if plan.speaks else "",
        )
        contact.points = plan.points


def _tell(plan: Plan, contacts: Sequence[Contact], now: datetime) -> None:
    said = messages(plan, [contact.member_id for contact in contacts], now=now)
    for contact in contacts:
        contact.notification_id = notify(
            event=OUTREACH,
            member_id=contact.member_id,
            context=said[contact.member_id],
            dedupe_key=f"run:{contact.run_id}",
            now=now,
        )
