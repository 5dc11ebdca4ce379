import pytest
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.quiz.models import Question, Quiz
from promotions.quiz.tests.making import DAY, answer, make_question, make_quiz
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin_client):
    return admin_client


def options(*rows):
    """The form of a question's options."""
    sent = {"options-TOTAL_FORMS": len(rows), "options-INITIAL_FORMS": 0}
    for number, (text, is_right) in enumerate(rows):
        sent[f"options-{number}-text"] = text
        if is_right:
            sent[f"options-{number}-is_right"] = "on"
    return sent


def add_question(desk, kind, *rows):
    fields = {"kind": kind, "theme": "plain", "text": "which?", "hint": "", "explanation": ""}
    return desk.post(reverse("admin:quiz_question_add"), {**fields, **options(*rows)})


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("single", [("a", True), ("b", False)]),
        ("multiple", [("a", True), ("b", True), ("c", False)]),
        ("typed", [("a", False)]),
    ],
)
def test_a_question_has_the_options_that_its_kind_needs(desk, kind, rows):
    assert add_question(desk, kind, *rows).status_code == 302
    assert Question.objects.get().options.count() == len(rows)


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("single", [("a", True), ("b", True)]),
        ("single", [("a", True)]),
        ("multiple", [("a", False), ("b", False)]),
        ("typed", []),
    ],
)
def test_other_options_are_refused_with_a_sentence(desk, kind, rows):
    answer = add_question(desk, kind, *rows)
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not Question.objects.exists()


def test_a_quiz_is_drafted_looked_at_and_published(desk):
    asked = [make_question() for _ in range(3)]
    now = clock.now()
    fields = {
        "name": "元宵",
        "theme": "lantern_festival",
        "questions_per_try": 3,
        "pass_mark": 2,
        "tries_per_day": 1,
        "reveals": "passed",
        "reward_points": 20,
        "rewards_per_member": 1,
        "budget_fen": "100",
        "starts_at_0": f"{now - DAY:%Y-%m-%d}",
        "starts_at_1": "00:00:00",
        "ends_at_0": f"{now + 2 * DAY:%Y-%m-%d}",
        "ends_at_1": "00:00:00",
        "quizquestion_set-TOTAL_FORMS": 3,
        "quizquestion_set-INITIAL_FORMS": 0,
        **{f"quizquestion_set-{n}-question": question.pk for n, question in enumerate(asked)},
    }
    assert desk.post(reverse("admin:quiz_quiz_add"), fields).status_code == 302
    quiz = Quiz.objects.get()
    page = desk.get(reverse("admin:quiz_quiz_try", args=[quiz.pk])).content.decode()
    assert [page.count(question.text) for question in asked] == [1, 1, 1]
    step = reverse("admin:quiz_quiz_step", args=[quiz.pk, "publish"])
    assert desk.post(step, {"codes": "", "noted": "on"}).status_code == 302
    quiz.refresh_from_db()
    assert (quiz.status, quiz.budget_fen, quiz.quizquestion_set.count()) == ("running", 10_000, 3)
    assert desk.get(reverse("admin:quiz_quiz_change", args=[quiz.pk])).status_code == 200


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"questions_per_try": 9, "pass_mark": 1}, "题目"),
        ({"reward_points": 0}, "奖励"),
    ],
)
def test_a_quiz_that_cannot_be_played_is_not_published(desk, made, reason):
    quiz = make_quiz(status="draft", ends_at=None, budget_fen=100, **made)
    step = reverse("admin:quiz_quiz_step", args=[quiz.pk, "publish"])
    page = desk.post(step, {"codes": "", "noted": "on"})
    assert reason in page.content.decode()
    quiz.refresh_from_db()
    assert quiz.status == "draft"


def test_a_clone_asks_the_same_questions(desk):
    quiz = make_quiz(rewards_given=2)
    desk.post(reverse("admin:quiz_quiz_step", args=[quiz.pk, "clone"]))
    copy = Quiz.objects.exclude(pk=quiz.pk).get()
    asked = [list(each.quizquestion_set.order_by("pk").values_list("question", flat=True)) for each in (quiz, copy)]
    assert (copy.status, copy.rewards_given, asked[0]) == ("draft", 0, asked[1])


def test_lists_results_and_tries_open(desk):
    quiz = make_quiz()
    made = answer(quiz, MemberFactory.create()).made
    for name in ("quiz", "question", "quiztry"):
        assert desk.get(reverse(f"admin:quiz_{name}_changelist")).status_code == 200
    page = desk.get(reverse("admin:quiz_quiztry_change", args=[made.pk])).content.decode()
    assert "question" in page
    assert "tea" in page
    assert desk.get(reverse("admin:quiz_quiz_step", args=[quiz.pk, "result"])).status_code == 200


def test_a_question_is_changed_on_its_page_with_its_options(desk):
    question = make_question(right=("tea",), wrong=("cup",))
    page = reverse("admin:quiz_question_change", args=[question.pk])
    assert desk.get(page).status_code == 200
    fields = {"kind": "single", "theme": "plain", "text": "which one?", "hint": "", "explanation": ""}
    rows = options(("tea", True), ("pot", False)) | {"options-INITIAL_FORMS": 2}
    cup, tea = question.options.order_by("pk")
    rows |= {"options-0-id": tea.pk, "options-1-id": cup.pk, "options-0-question": question.pk}
    assert desk.post(page, {**fields, **rows, "options-1-question": question.pk}).status_code == 302
    question.refresh_from_db()
    assert question.text == "which one?"
    assert set(question.options.values_list("text", "is_right")) == {("tea", True), ("pot", False)}


def test_a_question_that_a_quiz_asks_is_not_deleted(desk):
    asked, free = make_question(), make_question()
    make_quiz(asked)
    for question in (asked, free):
        desk.post(reverse("admin:quiz_question_delete", args=[question.pk]), {"post": "yes"})
    assert list(Question.objects.all()) == [asked]


@pytest.mark.parametrize(("answer", "is_kept"), [("%", False), (" 🐂 ", False), ("50%", True), ("花灯", True)])
def test_a_riddle_has_no_answer_that_nobody_could_give(desk, answer, is_kept):
    page = add_question(desk, "typed", ("花", False), (answer, False))
    assert (page.status_code == 302, Question.objects.exists()) == (is_kept, is_kept)
