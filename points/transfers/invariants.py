"""Laws of transfers."""

from django.db import connection

_HELD = """
SELECT t.id, t.status FROM transfers_transfer t
LEFT JOIN ledger_pointtransaction hold ON hold.reference = 'transfer:' || t.id AND hold.kind = 'hold'
LEFT JOIN ledger_pointtransaction gone ON gone.reverses_id = hold.id AND gone.kind = 'transfer_out'
LEFT JOIN ledger_pointtransaction back ON back.reverses_id = hold.id AND back.kind = 'release'
WHERE hold.id IS NULL OR hold.points <> -t.points
   OR (gone.id IS NOT NULL) <> (t.status = 'accepted')
   OR (back.id IS NOT NULL) <> (t.status IN ('declined', 'returned', 'cancelled'))
"""


def the_ledger_does_what_transfers_say() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return [f"transfer {pk} is {status}, the ledger says otherwise" for pk, status in cursor.fetchall()]


LAWS = (the_ledger_does_what_transfers_say,)
