from members.identity.models import Member
from promotions.quiz.tests.making import make_live_quiz
from tests.access import Door, Thing, Who


def quiz(owner: Member) -> Thing:
    row = make_live_quiz()
    return Thing({"quiz_id": row.pk}, row)


DOORS = (
    Door("GET", "quizzes/current", Who.ANYBODY),
    Door("GET", "quizzes/<int:quiz_id>", Who.ANYBODY, thing=quiz, not_yours=False),
    Door(
        "POST",
        "quizzes/<int:quiz_id>/answers",
        thing=quiz,
        not_yours=False,
        body=b'{"try_number": 1, "answers": [{"question_id": 1}]}',
        read_only=("right", "passed", "reward", "member_id"),
    ),
)
