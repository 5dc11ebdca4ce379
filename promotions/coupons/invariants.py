"""Laws of coupons that must hold on live data."""

from typing import Any

from django.db import connection

SHOWN = 20

_CLAIMED = """
SELECT template.id, template.claimed_count, count(coupon.id) FROM coupons_coupontemplate template
LEFT JOIN coupons_coupon coupon ON coupon.template_id = template.id
GROUP BY template.id HAVING template.claimed_count <> count(coupon.id) LIMIT %s
"""
_TALLIES = """
SELECT template_id, member_id, coalesce(tally.claimed, 0), coalesce(held.claimed, 0)
FROM coupons_claimtally tally
FULL JOIN (SELECT template_id, member_id, count(*) claimed FROM coupons_coupon GROUP BY 1, 2) held
USING (template_id, member_id)
WHERE coalesce(tally.claimed, 0) <> coalesce(held.claimed, 0) LIMIT %s
"""
_REDEEMED = """
SELECT batch.id, batch.redeemed_count, count(code.id) FROM coupons_codebatch batch
LEFT JOIN coupons_code code ON code.batch_id = batch.id AND code.redeemed_at IS NOT NULL
GROUP BY batch.id HAVING batch.redeemed_count <> count(code.id) LIMIT %s
"""
_CODES = """
SELECT batch.id, batch.quantity, count(code.id) FROM coupons_codebatch batch
LEFT JOIN coupons_code code ON code.batch_id = batch.id WHERE batch.status = 'live'
GROUP BY batch.id HAVING batch.quantity <> count(code.id) LIMIT %s
"""
_SPENT = """
SELECT id, spent_fen, claimed_count * CASE kind WHEN 'amount' THEN amount_off_fen WHEN 'exchange' THEN 0
    ELSE coalesce(most_off_fen, 0) END
FROM coupons_coupontemplate
WHERE spent_fen <> claimed_count * CASE kind WHEN 'amount' THEN amount_off_fen WHEN 'exchange' THEN 0
    ELSE coalesce(most_off_fen, 0) END LIMIT %s
"""
_HAND_OUTS = """
SELECT hand_out.id, hand_out.given_count, count(coupon.id) FROM coupons_handout hand_out
LEFT JOIN coupons_coupon coupon ON coupon.template_id = hand_out.template_id
    AND coupon.reference LIKE 'hand-out:' || hand_out.id || ':%%'
GROUP BY hand_out.id HAVING hand_out.given_count <> count(coupon.id) LIMIT %s
"""
_REVIVED = """
SELECT coupon.id FROM coupons_coupon coupon JOIN coupons_coupontemplate template ON template.id = coupon.template_id
WHERE coupon.status = 'unused' AND (coupon.revoked_at IS NOT NULL OR template.halted = 'void' AND NOT EXISTS (
    SELECT FROM coupons_halt halt WHERE halt.template_id = template.id AND halt.kind = 'void'
        AND (halt.status = 'running' OR coupon.valid_until <= halt.finished_at)))
LIMIT %s
"""


def claimed_counts_are_the_coupons() -> list[str]:
    return [f"coupon template {pk}: counted {counted}, coupons {held}" for pk, counted, held in _rows(_CLAIMED)]


def tallies_are_the_members_coupons() -> list[str]:
    return [
        f"coupon template {template}, member {member}: counted {counted}, coupons {held}"
        for template, member, counted, held in _rows(_TALLIES)
    ]


def redeemed_counts_are_the_codes() -> list[str]:
    return [f"code batch {pk}: counted {counted}, redeemed {codes}" for pk, counted, codes in _rows(_REDEEMED)]


def live_batches_are_whole() -> list[str]:
    return [f"code batch {pk}: {codes} of {quantity} codes" for pk, quantity, codes in _rows(_CODES)]


def budgets_count_what_coupons_can_cost() -> list[str]:
    return [f"coupon template {pk}: spent {spent}, coupons can cost {cost}" for pk, spent, cost in _rows(_SPENT)]


def hand_outs_gave_what_they_counted() -> list[str]:
    return [f"hand-out {pk}: counted {counted}, coupons {held}" for pk, counted, held in _rows(_HAND_OUTS)]


def what_was_taken_away_is_nobodys_to_use() -> list[str]:
    return [f"coupon {pk}: unused, though it was taken back or all of its kind are void" for (pk,) in _rows(_REVIVED)]


LAWS = (
    claimed_counts_are_the_coupons,
    tallies_are_the_members_coupons,
    redeemed_counts_are_the_codes,
    live_batches_are_whole,
    budgets_count_what_coupons_can_cost,
    hand_outs_gave_what_they_counted,
    what_was_taken_away_is_nobodys_to_use,
)


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [SHOWN])
        return cursor.fetchall()
