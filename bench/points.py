"""What a ledger costs: spends beside the same statements in pgbench, a night of expiry beside one statement by hand,
and reads that must not care for the length of a history.

Spends run one after the other on random members, in Python through the service and in pgbench without it, in turns;
the workers that tell the members of it stand still meanwhile. For the expiry there are groups of members who lose their
points on different days, half of them swept as the job does, half by hand in batches of the size that suits Postgres
best, in turns. Times are wall clock, measured back to back in one run.
"""

import sys
import time
from typing import Any

import sqlfloor
from harness import BenchError, Report, Shop, options, running_shop

LOTS, QUICK_LOTS = 1_000_000, 60_000
LOTS_EACH = 5
SPENDERS = 1_000
LONG, QUICK_LONG = 100_000, 10_000
SPEND_SHARE, EXPIRY_TIMES, READ_TIMES, GROWN_MB = 0.35, 2.0, 1.3, 80
# Members in one statement by hand: with all at once Postgres is many times slower.
BY_HAND_AT_ONCE = 10_000
NIGHTS = ("2030-01-01", "2031-01-01", "2032-01-01", "2033-01-01")
# The same tables, columns and rows, those of the outbox included; the statement knows in advance that these points are
# available, that nothing matures, that nobody is in debt, and that afterwards nothing is due.
BY_HAND = """
WITH due AS (
    SELECT id, member_id, remaining AS points FROM ledger_pointlot
    WHERE member_id BETWEEN %(first)s AND %(last)s AND remaining > held AND expires_at <= %(at)s
), sums AS (
    SELECT member_id, sum(points)::bigint AS points FROM due GROUP BY member_id
), booked AS (
    INSERT INTO ledger_pointtransaction (reference, member_id, kind, source, points, note, actor, at)
    SELECT 'sql:' || member_id, member_id, 'expire', 'sql', -points, '', '', %(at)s FROM sums RETURNING id, member_id
), written AS (
    INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
    SELECT booked.id, due.id, leg.bucket, leg.sign * due.points
    FROM due JOIN booked USING (member_id) CROSS JOIN (VALUES ('available', -1), ('expired', 1)) AS leg(bucket, sign)
), lots AS (
    UPDATE ledger_pointlot lot SET remaining = held FROM due WHERE due.id = lot.id
), told AS (
    INSERT INTO core_outboxentry
        (event_id, fact, subscriber, payload, status, attempts, due_at, last_error, created_at, finished_at)
    SELECT gen_random_uuid(), 'PointsChanged', receiver, jsonb_build_object('member_id', member_id, 'kind', 'expire',
        'source', 'clock', 'points', -points, 'available', 0, 'reference', 'sql:' || member_id, 'at', now()),
        'done', 0, now(), '', now(), now()
    FROM sums CROSS JOIN unnest(%(receivers)s::text[]) AS receiver
)
UPDATE ledger_pointaccount account SET available = available - sums.points, version = version + 1, due_at = NULL
FROM sums WHERE sums.member_id = account.member_id
"""
# The parameters of the statement that writes the outbox, as a spend has them.
TELLING = (
    "now()",
    "now()",
    "ARRAY[gen_random_uuid()]",
    "ARRAY['PointsChanged']",
    "ARRAY['points.accounts.subscribers.tell_member']",
    """ARRAY['{"member_id": ' || :member || ', "kind": "spend", "points": -1, "available": ' || :available || '}']""",
)


def main() -> int:
    asked = options(__doc__).parse_args()
    lots, long, seconds = (QUICK_LOTS, QUICK_LONG, 2) if asked.quick else (LOTS, LONG, 10)
    # Half of the lots each night; two nights are swept, two are done by hand.
    losers = lots // 2 // LOTS_EACH
    groups = [
        group("spender", SPENDERS, 1, 1_000_000, None),
        group("reader", 2, 1, 1_000_000, None),
        *(group(night, losers, LOTS_EACH, 10, midnight(night)) for night in NIGHTS),
    ]
    report = Report("points", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note(f"the shop is ready; writing {4 * losers:,} members with {2 * lots:,} lots that expire")
        known = shop.call("bench.pointing", "load", groups=groups)
        script = pgbench_script(known["hot_path"], known["members"]["spender"])
        measure_spends(shop, report, script, known["members"]["spender"], seconds=seconds, seed=asked.seed)
        measure_reads(shop, report, known["members"]["reader"], long=long)
        measure_expiry(shop, report, known, losers=2 * losers)
        report.laws_hold(shop)
    return report.finish()


def group(name: str, members: int, lots: int, points: int, expires_at: str | None) -> dict[str, object]:
    return {"name": name, "members": members, "lots": lots, "points": points, "expires_at": expires_at}


def midnight(night: str) -> str:
    return f"{night}T00:00:00+08:00"


def measure_spends(shop: Shop, report: Report, script: str, members: list[int], *, seconds: int, seed: int) -> None:
    service, bare = [], []
    for turn in range(2):
        with shop.paused("worker"):
            spends = shop.call("bench.pointing", "spends", members=members, seconds=seconds, seed=seed * 10 + turn)
            service.append(spends)
            bare.append(sqlfloor.transactions_per_second(shop, script, clients=1, seconds=seconds))
        report.note(f"turn {turn + 1}: {service[-1]:,.0f} spends a second, pgbench {bare[-1]:,.0f}")
    report.figure("spends_per_second", sum(service) / 2, reference=sum(bare) / 2, target=SPEND_SHARE)


def pgbench_script(hot_path: list[str], members: list[int]) -> str:
    """A spend as pgbench sends it: the statements of the ledger with the values in place."""
    lock, lots, post, tell = hot_path
    values = {
        "reference": "gen_random_uuid()::text",
        "member_id": ":member",
        "kind": "'spend'",
        "source": "'order'",
        "points": "-1",
        "trace": "NULL::jsonb",
        "note": "''",
        "actor": "''",
        "now": "now()",
        "lots": "ARRAY[:id, :id]",
        "buckets": "ARRAY['available', 'spent']",
        "amounts": "ARRAY[-1, 1]",
        "moved": "ARRAY[:id]",
        "moved_own": "ARRAY[-1]",
        "moved_held": "ARRAY[0]",
        "available": "-1",
        "active_at": "now()",
        "due_at": "NULL::timestamptz",
        "ages": "false",
        **dict.fromkeys(("pending", "held", "debt"), "0"),
        **dict.fromkeys(("reverses_id", "rule_version_id"), "NULL::bigint"),
    }
    return "\n".join(
        [
            rf"\set member random({members[0]}, {members[1]})",
            "BEGIN;",
            lock.strip() % "ARRAY[:member]::bigint[]" + ";",
            lots.strip() % (":member", "now()", "50", "0") + r" \gset",
            post.strip() % values + r" \gset",
            tell.strip() % TELLING + ";",
            "COMMIT;",
        ]
    )


def measure_reads(shop: Shop, report: Report, members: list[int], *, long: int) -> None:
    # The grant has two entries, and so has each spend.
    spends = [4, long // 2 - 1]
    found = shop.call("bench.pointing", "reads", members=members, spends=spends, rounds=1_000)
    report.must("entries", found["entries"], [10, long])
    for name in ("balance", "history"):
        short_us, long_us = found[name]
        report.figure(f"{name}_us", long_us, reference=short_us, target=READ_TIMES, better="lower")


def measure_expiry(shop: Shop, report: Report, known: dict[str, Any], *, losers: int) -> None:
    swept, by_hand, expired, grown = 0.0, 0.0, 0, 0.0
    for turn, night in enumerate(NIGHTS):
        shop.query("CHECKPOINT")
        if turn % 2:
            took = expire_by_hand(shop, known, night)
            by_hand += took
            report.note(f"by hand: {took:.1f} s")
            continue
        done = shop.call("bench.pointing", "sweep", at=midnight(night))
        swept, expired, grown = swept + done["seconds"], expired + done["expired"], max(grown, done["grown_mb"])
        report.note(f"swept: {done['seconds']:.1f} s")
    report.must("accounts_expired", expired, losers)
    report.figure("expiry_seconds", swept, reference=by_hand, target=EXPIRY_TIMES, better="lower")
    report.figure("grown_mb", grown, target=GROWN_MB, better="lower")


def expire_by_hand(shop: Shop, known: dict[str, Any], night: str) -> float:
    """Seconds."""
    first, last = known["members"][night]
    started = time.monotonic()
    for member in range(first, last + 1, BY_HAND_AT_ONCE):
        batch = {"first": member, "last": min(member + BY_HAND_AT_ONCE - 1, last)}
        shop.query(BY_HAND, {**batch, "at": midnight(night), "receivers": known["receivers"]})
    return time.monotonic() - started


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
