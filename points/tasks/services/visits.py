"""Visits by the links that members share: written down here, rewarded later by what follows the fact."""

from datetime import datetime

from django.utils.crypto import salted_hmac

from members.identity.models import Member, MemberSession
from members.identity.origin import Origin
from points.tasks.facts import LinkVisited
from points.tasks.models import ShareVisit
from points.tasks.preferences import ANONYMOUS_VISITS_COUNT, VISITS_PER_DAY
from shop.core.clock import business_day
from shop.core.outbox import publish
from shop.core.transactions import use_case


@use_case
def record_visit(*, invite_code: str, visitor_id: int | None, origin: Origin, now: datetime) -> ShareVisit | None:
    """Somebody opened the link that a member has shared; None where it does not count.

    A visitor counts once a day, a member by themselves and another by their network address; nobody counts for
    themselves, and an unknown code is nobody's.
    """
    sharer = Member.objects.filter(invite_code=invite_code.upper(), status=Member.Status.ACTIVE).first()
    visitor = _visitor(sharer, visitor_id, origin) if sharer is not None else ""
    if sharer is None or not visitor:
        return None
    today = business_day(now)
    mine = ShareVisit.objects.filter(member=sharer, day=today)
    if mine.count() >= VISITS_PER_DAY.value():
        return None
    visit, is_new = mine.get_or_create(visitor=visitor, defaults={"member": sharer, "day": today, "visited_at": now})
    if not is_new:
        return None
    publish(LinkVisited(visit_id=visit.pk, member_id=sharer.pk, visitor=visitor, at=now))
    return visit


def _visitor(sharer: Member, visitor_id: int | None, origin: Origin) -> str:
    """Who visits, as far as the shop can tell; empty for who does not count."""
    own = MemberSession.objects.filter(member=sharer)
    if visitor_id is not None:
        same_device = bool(origin.device) and own.filter(device=origin.device).exists()
        return "" if visitor_id == sharer.pk or same_device else f"member:{visitor_id}"
    if not ANONYMOUS_VISITS_COUNT.value() or origin.address is None:
        return ""
    if own.filter(address=origin.address).exists():
        return ""
    return "net:" + salted_hmac("points.tasks.visitor", origin.address, algorithm="sha256").hexdigest()[:24]
