"""Laws of points on live data: accounts, lots and entries are three accounts of the same thing, and agree."""

from typing import Any

from django.db import connection

SHOWN = 20
_ACCOUNTS = """
    SELECT account.member_id, account.available, account.pending, account.held, lots.available, lots.pending, lots.held
    FROM ledger_pointaccount account FULL JOIN (
        SELECT member_id, coalesce(sum(remaining - held) FILTER (WHERE is_mature), 0) AS available,
            coalesce(sum(remaining) FILTER (WHERE NOT is_mature), 0) AS pending, sum(held) AS held
        FROM ledger_pointlot GROUP BY member_id) lots USING (member_id)
    WHERE (coalesce(account.available, 0), coalesce(account.pending, 0), coalesce(account.held, 0))
        <> (coalesce(lots.available, 0), coalesce(lots.pending, 0), coalesce(lots.held, 0))
    ORDER BY account.member_id LIMIT %s
"""
_LOTS = """
    SELECT lot.id, lot.remaining, lot.held, coalesce(summed.own, 0), coalesce(summed.held, 0)
    FROM ledger_pointlot lot LEFT JOIN (
        SELECT lot_id, sum(amount) AS own, coalesce(sum(amount) FILTER (WHERE bucket = 'held'), 0) AS held
        FROM ledger_pointentry WHERE bucket IN ('available', 'pending', 'held') GROUP BY lot_id
    ) summed ON summed.lot_id = lot.id
    WHERE (lot.remaining, lot.held) <> (coalesce(summed.own, 0), coalesce(summed.held, 0)) ORDER BY lot.id LIMIT %s
"""
_DEBTS = """
    SELECT account.member_id, account.debt, coalesce(summed.debt, 0)
    FROM ledger_pointaccount account LEFT JOIN (
        SELECT booked.member_id, -sum(entry.amount) AS debt
        FROM ledger_pointentry entry JOIN ledger_pointtransaction booked ON booked.id = entry.transaction_id
        WHERE entry.bucket = 'debt' GROUP BY booked.member_id) summed USING (member_id)
    WHERE account.debt <> coalesce(summed.debt, 0) ORDER BY account.member_id LIMIT %s
"""
_UNBALANCED = """
    SELECT booked.id, coalesce(sum(entry.amount), 0), count(entry.id)
    FROM ledger_pointtransaction booked LEFT JOIN ledger_pointentry entry ON entry.transaction_id = booked.id
    GROUP BY booked.id HAVING coalesce(sum(entry.amount), 0) <> 0 OR count(entry.id) = 0 ORDER BY booked.id LIMIT %s
"""
_ASTRAY = """
    SELECT DISTINCT entry.transaction_id, entry.lot_id
    FROM ledger_pointentry entry JOIN ledger_pointtransaction booked ON booked.id = entry.transaction_id
    JOIN ledger_pointlot lot ON lot.id = entry.lot_id
    WHERE lot.member_id <> booked.member_id LIMIT %s
"""
_HOLDS = """
    SELECT coalesce(account.member_id, open.member_id), coalesce(account.held, 0), coalesce(open.points, 0)
    FROM ledger_pointaccount account FULL JOIN (
        SELECT hold.member_id, -sum(hold.points) AS points FROM ledger_pointtransaction hold
        WHERE hold.kind = 'hold' AND NOT EXISTS (SELECT FROM ledger_pointtransaction done
            WHERE done.reverses_id = hold.id AND done.kind IN ('capture', 'release', 'transfer_out'))
        GROUP BY hold.member_id) open USING (member_id)
    WHERE coalesce(account.held, 0) <> coalesce(open.points, 0) LIMIT %s
"""
_LATE = """
    SELECT account.member_id, account.due_at, lots.due_at FROM ledger_pointaccount account JOIN (
        SELECT member_id, min(least(expires_at, CASE WHEN is_mature THEN NULL ELSE matures_at END)) AS due_at
        FROM ledger_pointlot WHERE remaining > held GROUP BY member_id) lots USING (member_id)
    WHERE lots.due_at < account.due_at OR (account.due_at IS NULL AND lots.due_at IS NOT NULL) LIMIT %s
"""
_OVERDONE = """
    SELECT done.reference, done.points, sum(undone.points) FROM ledger_pointtransaction done
    JOIN ledger_pointtransaction undone ON undone.reverses_id = done.id
        AND undone.kind IN ('reverse', 'claw_back')
    GROUP BY done.id HAVING abs(sum(undone.points)) > abs(done.points) ORDER BY done.id LIMIT %s
"""
_ON_THE_WAY = "SELECT sum(amount) FROM ledger_pointentry WHERE bucket = 'transferred' HAVING sum(amount) <> 0"


def accounts_are_the_sum_of_their_lots() -> list[str]:
    return [f"account {row[0]}: available, pending, held {row[1:4]}, lots {row[4:]}" for row in _rows(_ACCOUNTS, SHOWN)]


def lots_are_the_sum_of_their_entries() -> list[str]:
    return [
        f"lot {lot}: {remaining} left and {held} held, entries {own} and {own_held}"
        for lot, remaining, held, own, own_held in _rows(_LOTS, SHOWN)
    ]


def debts_are_the_sum_of_their_entries() -> list[str]:
    return [f"account {member}: debt {debt}, entries {summed}" for member, debt, summed in _rows(_DEBTS, SHOWN)]


def transactions_sum_to_zero() -> list[str]:
    """And have entries."""
    return [f"transaction {pk}: {count} entries sum to {summed}" for pk, summed, count in _rows(_UNBALANCED, SHOWN)]


def entries_stay_on_lots_of_the_member() -> list[str]:
    return [f"transaction {pk} moves lot {lot} of another member" for pk, lot in _rows(_ASTRAY, SHOWN)]


def what_is_held_has_an_open_hold() -> list[str]:
    return [f"account {member}: {held} held, {points} in open holds" for member, held, points in _rows(_HOLDS, SHOWN)]


def nothing_is_due_before_it_is_known() -> list[str]:
    return [f"account {member}: due {known}, a lot {due}" for member, known, due in _rows(_LATE, SHOWN)]


def no_more_is_undone_than_was_done() -> list[str]:
    return [f"{reference}: {points}, undone {undone}" for reference, points, undone in _rows(_OVERDONE, SHOWN)]


def nothing_is_lost_between_two_members() -> list[str]:
    return [f"{points} points are on the way to nobody" for (points,) in _rows(_ON_THE_WAY)]


LAWS = (
    accounts_are_the_sum_of_their_lots,
    lots_are_the_sum_of_their_entries,
    debts_are_the_sum_of_their_entries,
    transactions_sum_to_zero,
    entries_stay_on_lots_of_the_member,
    what_is_held_has_an_open_hold,
    nothing_is_due_before_it_is_known,
    no_more_is_undone_than_was_done,
    nothing_is_lost_between_two_members,
)


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
