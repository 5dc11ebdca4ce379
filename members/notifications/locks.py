"""Locks of this room."""

from django.db import connection


def lock_daily_count(*, member_id: int, channel: str) -> None:
    """Hold a member's count of today's marketing on a channel until the transaction ends."""
    with connection.cursor() as cursor:
        name = f"notifications:{member_id}:{channel}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
