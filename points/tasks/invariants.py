"""Laws of check-ins and tasks."""

from django.db import connection

_BROKEN_RUNS = """
WITH islands AS (
    SELECT id, member_id, day, run_from, day - (row_number() OVER (PARTITION BY member_id ORDER BY day))::int AS island
    FROM tasks_checkin
)
SELECT member_id, min(day) FROM islands
GROUP BY member_id, island
HAVING min(day) <> min(run_from) OR min(run_from) <> max(run_from)
"""
_UNPAID_CHECK_INS = """
SELECT c.id, c.points, t.points FROM tasks_checkin c
LEFT JOIN ledger_pointtransaction t ON t.reference = 'check_in:' || c.id AND t.kind = 'grant'
WHERE coalesce(t.points, 0) <> c.points
"""
_UNPAID_TASKS = """
SELECT c.id, c.points, t.points FROM tasks_taskcompletion c
LEFT JOIN ledger_pointtransaction t ON t.reference = 'task:' || c.id AND t.kind = 'grant'
WHERE coalesce(t.points, 0) <> c.points
"""
_MISCOUNTED = """
SELECT task.code, task.completed, count(c.id) FROM tasks_task task
LEFT JOIN tasks_taskcompletion c ON c.task_id = task.id
WHERE task.status = 'live' AND task.total_cap IS NOT NULL
GROUP BY task.id HAVING task.completed <> count(c.id)
"""


def a_run_of_days_begins_on_its_first_day() -> list[str]:
    return [f"member {member}: the run from {day} is not one" for member, day in _rows(_BROKEN_RUNS)]


def what_was_promised_was_granted() -> list[str]:
    kinds = (("check-in", _UNPAID_CHECK_INS), ("completed task", _UNPAID_TASKS))
    return [
        f"{kind} {pk} earned {points}, granted were {granted or 0}"
        for kind, sql in kinds
        for pk, points, granted in _rows(sql)
    ]


def rewards_are_counted_towards_their_cap() -> list[str]:
    return [f"task {code}: {seen} counted, {real} given" for code, seen, real in _rows(_MISCOUNTED)]


def _rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


LAWS = (
    a_run_of_days_begins_on_its_first_day,
    what_was_promised_was_granted,
    rewards_are_counted_towards_their_cap,
)
