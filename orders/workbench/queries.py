"""Reads of the order desk."""

from django.db import OperationalError, connection, transaction

from orders.workbench.criteria import Orders

MOST_COUNTED = 1_000
COUNT_WITHIN_MS = 500


def count_up_to(orders: Orders, most: int = MOST_COUNTED) -> int | None:
    """How many there are, not counting beyond `most`; None when that cannot be told quickly."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [COUNT_WITHIN_MS])
                count = orders.order_by()[: most + 1].count()
                # What follows in a transaction of the caller is in no such hurry.
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return count
    except OperationalError:
        return None
