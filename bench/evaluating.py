"""Members with two years of growth, and the night that ends the second; runs inside Django (`Shop.call`)."""

import resource
import time
from datetime import UTC, datetime

from django.db import connection

from members.tiers.engine import Step
from members.tiers.facts import TierChanged
from members.tiers.models import Tier, TierPolicy
from members.tiers.rules import rules_in_force
from members.tiers.services import change_rules, evaluate_members
from shop.core import clock
from shop.core.actors import Actor
from shop.core.events import receivers

# The tiers were reached by growth of 2025 and hold through 2026, in which nobody rose; what was earned in it decides
# what is kept.
_MEMBERS = """
    INSERT INTO identity_member (nickname, avatar_url, unionid, invite_code, status, joined_at)
    SELECT 'bench', '', '', 'B' || upper(substr(md5(g::text || now()), 1, 11)), 'active', now()
    FROM generate_series(1, %s) g
"""
_ENTRIES = """
    INSERT INTO tiers_growthentry
        (member_id, reference, kind, amount, worth, earned_on, note, actor, created_at)
    SELECT id, 'bench:' || id || ':' || n, 'spend', 1 + floor(exp(random() * 9.5))::int, 1,
        date '2025-01-01' + (n - 1) % 2 * 365 + (random() * 364)::int, '', 'bench', now()
    FROM identity_member, generate_series(1, 6) n WHERE nickname = 'bench'
"""
_STANDINGS = """
    INSERT INTO tiers_membertier (member_id, tier_id, earned_tier_id, growth, counted_on, valid_until, qualified_from,
        qualified_growth, manual_caps, manual_reason, policy_id, due_on)
    SELECT sums.member_id, reached.tier_id, reached.tier_id, sums.present, date '2026-12-31',
        CASE WHEN reached.threshold > 0 THEN date '2027-01-01' END, date '2025-01-01', reached.threshold, false, '',
        reached.policy_id, date '2027-01-01'
    FROM (
        SELECT member_id, sum(amount) FILTER (WHERE earned_on < '2026-01-01') AS past,
            sum(amount) FILTER (WHERE earned_on >= '2026-01-01') AS present
        FROM tiers_growthentry WHERE actor = 'bench' GROUP BY member_id) sums
    CROSS JOIN LATERAL (
        SELECT tier_id, threshold, policy_id FROM tiers_tierrequirement
        WHERE policy_id = %s AND threshold <= sums.past ORDER BY threshold DESC LIMIT 1) reached
"""

_FALLEN = TierChanged(
    member_id=1, from_tier="gold", to_tier="normal", is_upgrade=False, reason="", at=datetime(2027, 1, 1, tzinfo=UTC)
)


def load(*, members: int, seed: int) -> int:
    """Write the members, their ledgers and their tiers as they stand on 31 December 2026; returns how many."""
    needs = {"normal": (0, 0), "silver": (1000, 800), "gold": (5000, 4000), "diamond": (20000, 16000)}
    ladder = [Step(Tier.objects.get(code=code).pk, *each) for code, each in needs.items()]
    draft = TierPolicy(window=TierPolicy.Window.CALENDAR_YEAR, grace_days=0)
    policy = change_rules(policy=draft, ladder=ladder, actor=Actor.system("bench"), now=clock.now())
    evaluate_members(now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT setseed(%s)", [seed % 1000 / 1000])
        cursor.execute(_MEMBERS, [members])
        cursor.execute(_ENTRIES)
        cursor.execute(_STANDINGS, [policy.pk])
        return cursor.rowcount


def subscribers() -> list[str]:
    """Whom the product tells that somebody's tier is a lower one."""
    return [each.name for each in receivers(_FALLEN)]


def night(*, at: str) -> dict[str, float]:
    """Evaluate as the job does at this instant; the seconds, what was done, and by how many MB the process grew."""
    rules_in_force()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    effect = evaluate_members(now=datetime.fromisoformat(at))
    seconds = time.monotonic() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"seconds": seconds, "grown_mb": grown, **effect}
