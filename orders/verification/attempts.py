"""How many wrong codes somebody may try. Counted in Postgres, so that losing Redis opens nothing.

A try is taken before the code is looked at and given back unless the code was wrong, so that however many guesses come
at once, no more are looked at than the limit allows.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from orders.verification.errors import TooManyWrongCodes
from orders.verification.models import CodeTries
from orders.verification.preferences import LOCK_MINUTES, WRONG_CODES
from shop.core.transactions import use_case

_TAKE = """
INSERT INTO verification_codetries AS kept (who, tries, since)
SELECT who, 1, %s FROM unnest(%s::text[]) AS asked(who) ORDER BY who
ON CONFLICT (who) DO UPDATE SET
    tries = CASE WHEN kept.since <= %s THEN 1 ELSE kept.tries + 1 END,
    since = CASE WHEN kept.since <= %s THEN excluded.since ELSE kept.since END
RETURNING tries, since
"""


def who_tries(*, staff_id: int, address: str | None) -> list[str]:
    return [f"staff:{staff_id}", *([f"address:{address}"] if address else [])]


def take_try(*, who: Sequence[str], now: datetime) -> None:
    """Take one try of each; commits by itself. Raises TooManyWrongCodes when one of them has none left."""
    window = timedelta(minutes=LOCK_MINUTES.value())
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_TAKE, [now, list(who), now - window, now - window])
        rows = cursor.fetchall()
    locked = [since for tries, since in rows if tries > WRONG_CODES.value()]
    if locked:
        # What is refused unseen is no guess.
        give_back(who=who)
        raise TooManyWrongCodes(retry_after=max(1, int((max(locked) + window - now).total_seconds()) + 1))


def give_back(*, who: Sequence[str]) -> None:
    """The try of each was no wrong code; commits by itself."""
    for each in sorted(who):
        CodeTries.objects.filter(who=each, tries__gt=0).update(tries=F("tries") - 1)


@use_case
def let_go_on(*, tries_id: int) -> None:
    """A manager forgives the wrong codes."""
    CodeTries.objects.filter(pk=tries_id).delete()


def forget_tries(*, before: datetime) -> int:
    """Delete what no window looks back at; returns how many."""
    return CodeTries.objects.filter(since__lt=before).delete()[0]
