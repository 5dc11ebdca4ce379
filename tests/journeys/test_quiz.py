"""A quiz is answered twice: the points come once, however often it is passed and whatever is sent again: HTTP only."""

import uuid

import pytest

from promotions.quiz.models import QuestionOption, Quiz
from promotions.quiz.tests.making import make_live_quiz
from shop.core.invariants import violations
from tests.journeys.front import deliver_facts

PHONE = "13800138009"


@pytest.fixture
def quiz(transactional_db):
    """Two tries a day, 50 points for the first that is passed."""
    return make_live_quiz(tries_per_day=2, rewards_per_member=1, budget_fen=10_000)


def answers(shown):
    """All of them right; what is right only the bank knows."""
    right = set(QuestionOption.objects.filter(is_right=True).values_list("pk", flat=True))
    rows = [
        {"question_id": each["id"], "option_ids": [option["id"] for option in each["options"] if option["id"] in right]}
        for each in shown["questions"]
    ]
    return {"try_number": shown["try_number"], "answers": rows}


def balance(front):
    return front.get("points")["available"]


def test_a_quiz_answered_twice_rewards_once(front, sandbox, quiz):
    front.sign_in(sandbox, PHONE)
    before = balance(front)
    shown = front.get(f"quizzes/{quiz.pk}")
    assert (shown["try_number"], shown["tries_left"], shown["rewards_left"]) == (1, 2, 1)
    first, key = answers(shown), {"Idempotency-Key": uuid.uuid4().hex}
    sent = [front.http.post(f"quizzes/{quiz.pk}/answers", json=first, headers=key) for _ in range(2)]
    assert [each.status_code for each in sent] == [201, 201]
    assert sent[0].json() == sent[1].json()
    assert (sent[0].json()["passed"], sent[0].json()["reward"]["points"]) == (True, 50)
    assert front.post(f"quizzes/{quiz.pk}/answers", first, status=409)["code"] == "quiz_questions_changed"
    deliver_facts()
    assert balance(front) == before + 50

    again = front.get(f"quizzes/{quiz.pk}")
    assert (again["try_number"], again["tries_left"], again["rewards_left"]) == (2, 1, 0)
    second = front.post(f"quizzes/{quiz.pk}/answers", answers(again), status=201)
    assert (second["passed"], second["reward"]["points"], second["rewards_gone"]) == (True, 0, True)
    assert front.post(f"quizzes/{quiz.pk}/answers", answers(again), status=409)["code"] == "quiz_tries_used_today"
    deliver_facts()
    assert balance(front) == before + 50
    # 50 points are worth ¥0.50.
    assert Quiz.objects.values_list("rewards_given", "spent_fen").get() == (1, 50)
    assert violations() == {}
