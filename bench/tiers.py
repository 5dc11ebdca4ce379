"""What the night of a year's end costs beside one hand-written SQL statement that does the same.

Every member's validity ends: sums of the year decide who keeps the tier and who falls, standings are rewritten and
moves are written down and told to whoever subscribes to them. The night is also killed half-way and started again, and
must end in the same tiers, the same history and the same facts. Times are wall clock, measured back to back in one run;
the best of the rounds counts for both sides.
"""

import os
import signal
import subprocess
import sys
import time

from harness import PROJECT, BenchError, Report, Shop, options, running_shop

MEMBERS, QUICK_MEMBERS = 200_000, 10_000
NIGHT = "2026-12-31T16:05:00+00:00"
TIMES_SQL, GROWN_MB = 3, 60
# The same tables, columns and rows, those of the outbox included: due a day later, so that nobody delivers them. The
# statement knows in advance that nobody is in grace, held by hand or under other rules.
BY_HAND = """
WITH sums AS (
    SELECT row.member_id, row.tier_id, row.policy_id, row.valid_until,
        coalesce((SELECT sum(amount) FROM tiers_growthentry entry WHERE entry.member_id = row.member_id
            AND earned_on >= '2026-01-01' AND earned_on < '2027-01-01'), 0) AS kept
    FROM tiers_membertier row
    WHERE due_on <= '2027-01-01' AND (valid_until IS NULL OR valid_until <= '2027-01-01')
), decided AS (
    SELECT sums.*, held.threshold AS old_threshold, kept >= held.retention AS keeps,
        CASE WHEN kept >= held.retention THEN held.tier_id ELSE lower.tier_id END AS new_tier_id,
        CASE WHEN kept >= held.retention THEN held.retention ELSE lower.threshold END AS rests_on,
        CASE WHEN kept >= held.retention THEN held.threshold ELSE lower.threshold END AS new_threshold
    FROM sums
    JOIN tiers_tierrequirement held ON held.policy_id = sums.policy_id AND held.tier_id = sums.tier_id
    CROSS JOIN LATERAL (SELECT tier_id, threshold FROM tiers_tierrequirement need
        WHERE need.policy_id = sums.policy_id AND need.threshold <= sums.kept ORDER BY threshold DESC LIMIT 1) lower
), moved AS (
    INSERT INTO tiers_tierchange
        (member_id, from_tier_id, to_tier_id, reason, growth, policy_id, note, actor, changed_at)
    SELECT member_id, tier_id, new_tier_id, 'expiry', 0, policy_id, '', 'sql', now()
    FROM decided WHERE new_tier_id <> tier_id
), told AS (
    INSERT INTO core_outboxentry
        (event_id, fact, subscriber, payload, status, attempts, due_at, last_error, created_at)
    SELECT event_id, 'TierChanged', subscriber, payload, 'pending', 0, now() + interval '1 day', '', now()
    FROM (SELECT gen_random_uuid() AS event_id, jsonb_build_object('member_id', member_id, 'from_tier', old.code,
            'to_tier', new.code, 'is_upgrade', false, 'reason', 'expiry', 'at', '2026-12-31T16:05:00Z') AS payload
        FROM decided JOIN tiers_tier old ON old.id = tier_id JOIN tiers_tier new ON new.id = new_tier_id
        WHERE new_tier_id <> tier_id) facts
    CROSS JOIN unnest(%s) AS subscriber
)
UPDATE tiers_membertier row SET tier_id = new_tier_id, earned_tier_id = new_tier_id, growth = 0,
    counted_on = '2027-01-01', qualified_from = CASE WHEN old_threshold > 0 THEN date '2026-01-01'
        ELSE row.qualified_from END,
    qualified_growth = rests_on, valid_until = CASE WHEN new_threshold > 0 THEN date '2028-01-01' END,
    due_on = CASE WHEN new_threshold > 0 THEN date '2028-01-01' END
FROM decided WHERE decided.member_id = row.member_id
"""
STANDINGS = """
SELECT md5(string_agg(concat_ws('/', member_id, tier_id, earned_tier_id, growth, counted_on, valid_until,
    qualified_from, qualified_growth, due_on), ',' ORDER BY member_id))
FROM tiers_membertier JOIN identity_member ON identity_member.id = member_id AND nickname = 'bench'
"""
HISTORY = """
SELECT md5(string_agg(concat_ws('/', member_id, from_tier_id, to_tier_id, reason), ','
    ORDER BY member_id, tiers_tierchange.id))
FROM tiers_tierchange JOIN identity_member ON identity_member.id = member_id AND nickname = 'bench'
"""
TOLD = """
SELECT md5(string_agg(concat_ws('/', subscriber, payload), ',' ORDER BY subscriber, payload))
FROM core_outboxentry JOIN identity_member ON identity_member.id = (payload->>'member_id')::bigint
    AND nickname = 'bench' WHERE fact = 'TierChanged' AND payload->>'at' = '2026-12-31T16:05:00Z'
"""
FORGET_TOLD = "DELETE FROM core_outboxentry WHERE fact = 'TierChanged' AND payload->>'at' = '2026-12-31T16:05:00Z'"


def main() -> int:
    asked = options(__doc__).parse_args()
    members, rounds = (QUICK_MEMBERS, 2) if asked.quick else (MEMBERS, 3)
    report = Report("tiers", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note(f"the shop is ready; writing {members:,} members with two years of growth")
        loaded = shop.call("bench.evaluating", "load", members=members, seed=asked.seed)
        report.must("members", loaded, members)
        subscribers = shop.call("bench.evaluating", "subscribers")
        keep_evening(shop)
        nights, by_hand = [], []
        for number in range(rounds):
            restore_evening(shop)
            by_hand.append(run_by_hand(shop, subscribers))
            expected = outcome(shop)
            restore_evening(shop)
            nights.append(shop.call("bench.evaluating", "night", at=NIGHT))
            report.note(f"round {number + 1}: SQL {by_hand[-1]:.2f} s, the night {nights[-1]['seconds']:.2f} s")
            report.must(f"same_as_sql_{number + 1}", outcome(shop), expected)
        report.figure(
            "year_end_seconds",
            min(night["seconds"] for night in nights),
            reference=min(by_hand),
            target=TIMES_SQL,
            better="lower",
        )
        report.figure("moved", nights[-1]["moved"])
        report.figure("told", nights[-1]["moved"] * len(subscribers))
        report.figure("grown_mb", max(night["grown_mb"] for night in nights), target=GROWN_MB, better="lower")
        restore_evening(shop)
        report.note(f"killed after {kill_half_way(shop, members):,} members; going on")
        shop.call("bench.evaluating", "night", at=NIGHT)
        report.must("same_after_a_kill", outcome(shop), expected)
        report.must("broken_laws", shop.broken_laws(), [])
    return report.finish()


def keep_evening(shop: Shop) -> None:
    for table, kept in (("tiers_membertier", "bench_tiers_evening"), ("tiers_tierchange", "bench_tiers_history")):
        shop.query(f"DROP TABLE IF EXISTS {kept}")
        shop.query(f"CREATE TABLE {kept} AS SELECT * FROM {table}")


def restore_evening(shop: Shop) -> None:
    """The last evening of the year again, as a nightly vacuum would leave it."""
    for table, kept in (("tiers_membertier", "bench_tiers_evening"), ("tiers_tierchange", "bench_tiers_history")):
        shop.query(f"TRUNCATE {table}")
        shop.query(f"INSERT INTO {table} OVERRIDING USER VALUE SELECT * FROM {kept}")
        shop.query(f"VACUUM ANALYZE {table}")
    shop.query(FORGET_TOLD)
    shop.query("VACUUM ANALYZE core_outboxentry")
    shop.query("VACUUM ANALYZE tiers_growthentry")
    shop.query("CHECKPOINT")


def run_by_hand(shop: Shop, subscribers: list[str]) -> float:
    started = time.monotonic()
    shop.query(BY_HAND, [subscribers])
    return time.monotonic() - started


def outcome(shop: Shop) -> str:
    """A fingerprint of all standings, all moves and all that was told of them."""
    return " ".join(shop.query(each)[0][0][:12] for each in (STANDINGS, HISTORY, TOLD))


def kill_half_way(shop: Shop, members: int) -> int:
    """Start the night and kill it, as hard as can be, once half of the members are evaluated; returns how many were."""
    code = f"from bench.evaluating import night; night(at={NIGHT!r})"
    night = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code], cwd=PROJECT, env={**os.environ, **shop.env}
    )
    try:
        while (done := evaluated(shop)) < members // 2:
            if night.poll() is not None:
                raise BenchError("the night was over before it could be killed")
            time.sleep(0.02)
    finally:
        night.send_signal(signal.SIGKILL)
        night.wait()
    done = evaluated(shop)
    if done >= members:
        raise BenchError("the night was over before it could be killed")
    return done


def evaluated(shop: Shop) -> int:
    return int(shop.query("SELECT count(*) FROM tiers_membertier WHERE counted_on = '2027-01-01'")[0][0])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
