"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from promotions.quiz.models import QuizTally, QuizTry

# Two accounts of one person share one limit from now on; the day is the later one, with the tries of both on it.
_MOVE_TALLIES = """
INSERT INTO quiz_quiztally AS tally (quiz_id, member_id, tries, day, tries_of_day, rewards)
SELECT quiz_id, %s, tries, day, tries_of_day, rewards FROM quiz_quiztally WHERE member_id = %s
ON CONFLICT (quiz_id, member_id) DO UPDATE SET
    tries = tally.tries + excluded.tries,
    day = greatest(tally.day, excluded.day),
    tries_of_day = CASE WHEN tally.day = excluded.day THEN tally.tries_of_day + excluded.tries_of_day
        WHEN tally.day > excluded.day THEN tally.tries_of_day ELSE excluded.tries_of_day END,
    rewards = tally.rewards + excluded.rewards
"""


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Tries go on counting where those of the other account end."""
    mine = dict(QuizTally.objects.filter(member_id=target_id).values_list("quiz_id", "tries"))
    theirs = QuizTry.objects.filter(member_id=source_id)
    moved = 0
    for quiz_id in theirs.order_by().values_list("quiz_id", flat=True).distinct():
        tries = theirs.filter(quiz_id=quiz_id)
        moved += tries.update(member_id=target_id, number=F("number") + mine.get(quiz_id, 0))
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_TALLIES, [target_id, source_id])
    QuizTally.objects.filter(member_id=source_id).delete()
    return {"quiz_tries": moved}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """The member's own words are forgotten, what was won stays."""
    return {"quiz_tries": QuizTry.objects.filter(member_id=member_id).update(answers=[])}


def export(*, member_id: int) -> Mapping[str, Any]:
    tries = QuizTry.objects.filter(member_id=member_id).order_by("pk")
    return {
        "quiz_tries": [
            {
                "quiz": each.quiz.name,
                "number": each.number,
                "answers": each.answers,
                "right": each.right,
                "passed": each.is_passed,
                "points": each.points,
                "answered_at": each.answered_at,
            }
            for each in tries.select_related("quiz")
        ]
    }
