"""Who looks at the points mall: what decides prices and gates, read in one statement."""

from dataclasses import dataclass
from datetime import datetime

from members.tiers.queries import tier_of
from shop.core.prepared import Prepared

_STANDING = Prepared(
    "mall_viewer",
    """
SELECT coalesce(standing.tier_id,
        (SELECT tier_id FROM tiers_tierrequirement WHERE threshold = 0 ORDER BY policy_id DESC LIMIT 1)),
    ARRAY(SELECT segment_id FROM segments_segmentmembership mine
        WHERE mine.member_id = member.id AND mine.since <= %(now)s AND (mine.until IS NULL OR mine.until > %(now)s))
FROM identity_member member
LEFT JOIN tiers_membertier standing ON standing.member_id = member.id
WHERE member.id = %(member)s::bigint
""",
)


@dataclass(frozen=True)
class Viewer:
    """A member, or somebody who has not signed in: with nobody's tier and segments."""

    member_id: int | None = None
    tier_id: int | None = None
    segment_ids: frozenset[int] = frozenset()

    @property
    def sees_members_zone(self) -> bool:
        tier = tier_of(self.tier_id)
        return tier is not None and tier.exclusive_zone


def viewer_of(*, member_id: int, now: datetime) -> Viewer:
    row = _STANDING.row({"member": member_id, "now": now})
    return Viewer(member_id, row[0], frozenset(row[1])) if row else Viewer(member_id)
