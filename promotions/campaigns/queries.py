"""Reads that every mechanism shares: who the buyer is, what is live, which members an audience holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from members.identity.models import Member
from members.segments.models import SegmentMembership
from members.segments.queries import current
from members.tiers.queries import held_tier_id
from promotions.campaigns.audience import Audience, Buyer
from promotions.campaigns.models import PUBLISHED, FirstPurchase, PromotionVersion
from promotions.campaigns.preferences import NEW_MEMBER_DAYS
from promotions.campaigns.version import STAMP
from shop.core.prepared import Prepared, Question

# What `live_at` says, for statements that are written out.
LIVE = """
status IN ('scheduled', 'running') AND starts_at <= %(now)s::timestamptz
AND (ends_at IS NULL OR ends_at > %(now)s::timestamptz)
"""
# Columns in the order of Buyer, the stamp first and without the channel; written out, because every quote asks.
_BUYERS = Prepared(
    "campaigns_buyers",
    f"""
SELECT {STAMP}, member.id, tier.id, tier.code,
    ARRAY(SELECT segment_id FROM segments_segmentmembership mine
        WHERE mine.member_id = member.id AND mine.since <= %(now)s AND (mine.until IS NULL OR mine.until > %(now)s)),
    (%(joined_after)s::timestamptz IS NULL OR member.joined_at > %(joined_after)s)
        AND NOT EXISTS (SELECT 1 FROM campaigns_firstpurchase first WHERE first.member_id = member.id)
FROM identity_member member
LEFT JOIN tiers_membertier standing ON standing.member_id = member.id
LEFT JOIN tiers_tier tier ON tier.id = coalesce(standing.tier_id,
    (SELECT tier_id FROM tiers_tierrequirement WHERE threshold = 0 ORDER BY policy_id DESC LIMIT 1))
WHERE member.id = ANY(%(member_ids)s::bigint[])
""",
)


def buyer_for(*, member_id: int, channel: str, now: datetime) -> Buyer:
    """The member as campaigns see them at `now`, in one query. Raises Member.DoesNotExist."""
    return buyers_for(member_ids=[member_id], channel=channel, now=now)[0]


def ask_buyer(*, member_id: int, now: datetime) -> Question:
    """What `buyer_for` reads."""
    return _ask_buyers([member_id], now)


def buyers_for(*, member_ids: Sequence[int], channel: str, now: datetime) -> list[Buyer]:
    """In the order of `member_ids`; one query. Raises Member.DoesNotExist for an unknown one."""
    found = {
        pk: Buyer(pk, tier_id, tier_code, frozenset(segments), is_new, channel, stamp)
        for stamp, pk, tier_id, tier_code, segments, is_new in _ask_buyers(member_ids, now).run()
    }
    if len(found) < len(set(member_ids)):
        raise Member.DoesNotExist
    return [found[pk] for pk in member_ids]


def _ask_buyers(member_ids: Sequence[int], now: datetime) -> Question:
    return Question(_BUYERS, {"member_ids": list(member_ids), "now": now, "joined_after": _joined_after(now)})


def members_in(*, audience: Audience, now: datetime) -> QuerySet[Member]:
    """The active members whom the audience holds now, on whichever front they are."""
    members = Member.objects.filter(status=Member.Status.ACTIVE)
    if audience.tier_ids:
        members = members.annotate(held_tier=held_tier_id()).filter(held_tier__in=audience.tier_ids)
    if audience.segment_ids:
        mine = SegmentMembership.objects.filter(current(now=now), member=OuterRef("pk"))
        members = members.filter(Exists(mine.filter(segment__in=audience.segment_ids)))
    if audience.new_members_only:
        members = members.filter(_is_new(now))
    return members


def open_to(buyer: Buyer) -> Q:
    """The condition that a campaign's audience includes the buyer; `Audience.includes` in SQL."""
    return (
        (Q(tier_ids=[]) | Q(tier_ids__contains=[buyer.tier_id]))
        & (Q(segment_ids=[]) | Q(segment_ids__overlap=sorted(buyer.segment_ids)))
        & (Q(channels=[]) | Q(channels__contains=[buyer.channel]))
        & (Q() if buyer.is_new else Q(new_members_only=False))
    )


def live_at(now: datetime) -> Q:
    """The condition that a campaign acts at `now`: published, and inside its half-open window.

    What goes on with what members have begun asks this; what begins anything asks `admits_at`.
    """
    return Q(status__in=PUBLISHED, starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now))


def switched_on() -> Q:
    """The condition that promotions are not switched off, all at once: see `services.switch`."""
    return Q(~Exists(PromotionVersion.objects.filter(pk=1, is_on=False)))


def admits_at(now: datetime) -> Q:
    """The condition that members may begin something with a campaign at `now`: it acts, and promotions are on."""
    return live_at(now) & switched_on()


def _is_new(now: datetime) -> Any:
    after = _joined_after(now)
    recent = Q(joined_at__gt=after) if after else Q(pk__isnull=False)
    return ~Exists(FirstPurchase.objects.filter(member=OuterRef("pk"))) & recent


def _joined_after(now: datetime) -> datetime | None:
    """Whoever joined later is new until the first purchase; None where time does not matter."""
    days = NEW_MEMBER_DAYS.value()
    return now - timedelta(days=days) if days else None
