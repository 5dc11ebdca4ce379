import pytest

from members.identity.tests.factories import MemberFactory, client_for
from members.invitations.targets import find_target
from promotions.coupons.tests.making import make_live_template
from promotions.quiz.models import QuestionOption, QuizTry
from promotions.quiz.tests.making import answers_to, make_live_quiz, make_question
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory.create()


@pytest.fixture
def api(member):
    return client_for(member)


def post(api, quiz, answers, key="k1", number=1):
    rows = [
        {"question_id": pk, "option_ids": list(given.option_ids), "text": given.text} for pk, given in answers.items()
    ]
    body = {"try_number": number, "answers": rows}
    return api.post(f"/api/v1/quizzes/{quiz.pk}/answers", body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_the_questions_of_the_next_try_are_shown_without_what_is_right(api, member, django_assert_num_queries):
    quiz = make_live_quiz(reward_template=make_live_template(way="reward", name="灯谜券"))
    with django_assert_num_queries(7):
        body = api.get("/api/v1/quizzes/current").json()
    assert (body["id"], body["tries_left"], body["rewards_left"]) == (quiz.pk, 2, 1)
    assert body["reward"] == {"points": 50, "coupon": "灯谜券"}
    assert [question["id"] for question in body["questions"]] == list(answers_to(quiz, member))
    assert {frozenset(option) for question in body["questions"] for option in question["options"]} == {
        frozenset({"id", "text"})
    }
    assert "because of the leaves" not in str(body)
    assert "is_right" not in str(body)


def test_a_riddle_is_shown_without_its_answers(api):
    make_live_quiz(*[make_question("typed", right=(f"secret{n}",)) for n in range(3)])
    body = api.get("/api/v1/quizzes/current").json()
    assert [question["options"] for question in body["questions"]] == [[], [], []]
    assert "secret" not in str(body)


def test_a_visitor_sees_the_quiz_and_no_questions(client):
    make_live_quiz()
    body = client.get("/api/v1/quizzes/current").json()
    assert (body["questions"], body["tries_left"], body["rewards_left"]) == ([], None, None)


def test_of_two_quizzes_each_is_reached_by_its_own_card(api, member):
    older, newer = make_live_quiz(name="older"), make_live_quiz(name="newer")
    assert api.get("/api/v1/quizzes/current").json()["id"] == newer.pk
    for quiz in (older, newer):
        kind, pk = find_target(f"quiz-{quiz.pk}", now=clock.now()).key.split("-")
        body = api.get(f"/api/v1/quizzes/{pk}").json()
        assert (kind, body["id"], body["name"], body["try_number"]) == ("quiz", quiz.pk, quiz.name, 1)
        assert [question["id"] for question in body["questions"]] == list(answers_to(quiz, member))


def test_a_quiz_by_its_number_asks_visitors_nothing_and_shows_only_what_is_open(api, client):
    quiz, draft, closed = make_live_quiz(), make_live_quiz(status="draft"), make_live_quiz(tier_ids=[987])
    assert client.get(f"/api/v1/quizzes/{quiz.pk}").json()["questions"] == []
    for hidden in (draft.pk, closed.pk, closed.pk + 1):
        answer = api.get(f"/api/v1/quizzes/{hidden}")
        assert (answer.status_code, answer.json()["code"]) == (404, "quiz_not_found")


def test_without_a_quiz_there_is_none(api):
    assert api.get("/api/v1/quizzes/current").json()["code"] == "quiz_not_found"
    make_live_quiz(status="draft")
    assert api.get("/api/v1/quizzes/current").status_code == 404


def test_answers_are_judged_and_sent_twice_count_once(api, member):
    quiz = make_live_quiz()
    answers = answers_to(quiz, member, right=2)
    first = post(api, quiz, answers)
    body = first.json()
    assert first.status_code == 201
    assert (body["right"], body["total"], body["passed"], body["tries_left"]) == (2, 3, True, 1)
    assert body["reward"] == {"points": 50, "coupon": None}
    assert [row["right_answers"] for row in body["answers"]] == [["tea"]] * 3
    again = post(api, quiz, answers)
    assert (again.json(), again["Idempotent-Replayed"]) == (body, "true")
    assert post(api, quiz, answers, key="k2").json()["code"] == "quiz_questions_changed"
    assert QuizTry.objects.count() == 1


@pytest.mark.parametrize(
    ("reveals", "right", "shown"),
    [
        ("nothing", 3, False),
        ("passed", 1, False),
        ("passed", 2, True),
        ("always", 0, True),
    ],
)
def test_what_is_right_is_told_as_the_quiz_reveals_it(api, member, reveals, right, shown):
    quiz = make_live_quiz(reveals=reveals)
    answers = answers_to(quiz, member, right=max(right, 1))
    if right == 0:
        wrong = QuestionOption.objects.filter(is_right=False).first()
        answers = {pk: type(given)((wrong.pk,), "") for pk, given in answers.items()}
    rows = post(api, quiz, answers).json()["answers"]
    assert all((row["right_answers"] is not None) is shown for row in rows)
    assert all((row["is_right"] is not None) is shown for row in rows)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"try_number": 1, "answers": []},
        {"try_number": 1, "answers": [{"question_id": "x"}]},
        {"try_number": 1, "answers": [{"option_ids": [1]}]},
        {"try_number": 1, "answers": [{"question_id": 1, "text": "x" * 101}]},
        {"try_number": 1, "answers": [{"question_id": 1}], "passed": True},
        {"answers": [{"question_id": 1}]},
    ],
)
def test_a_body_that_is_none_is_refused_and_costs_no_try(api, body):
    quiz = make_live_quiz()
    answer = api.post(f"/api/v1/quizzes/{quiz.pk}/answers", body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert answer.status_code == 400
    assert not QuizTry.objects.exists()
