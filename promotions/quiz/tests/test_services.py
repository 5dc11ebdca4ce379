import pytest

from members.identity.tests.factories import MemberFactory
from points.ledger.models import PointTransaction
from points.ledger.queries import balance_of
from promotions.campaigns.audience import NotForOldMembers
from promotions.campaigns.models import FirstPurchase
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_template
from promotions.quiz import services
from promotions.quiz.errors import QuizNotFound, QuizQuestionsChanged, QuizTriesUsed, QuizTriesUsedToday
from promotions.quiz.invariants import LAWS
from promotions.quiz.models import QuizTally, QuizTry
from promotions.quiz.results import result_of_quiz
from promotions.quiz.services import Given, answer_quiz
from promotions.quiz.tests.making import DAY, NOW, answer, answers_to, make_question, make_quiz
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 50


@pytest.fixture
def member():
    return MemberFactory.create()


def points(member, now=NOW):
    return balance_of(member_id=member.pk, now=now).available


def laws():
    return [sentence for law in LAWS for sentence in law()]


def test_enough_right_answers_win_points_once(member):
    quiz = make_quiz()
    first = answer(quiz, member, right=2)
    assert (first.made.right, first.made.is_passed, first.made.points, points(member)) == (2, True, 50, 50)
    again = answer(quiz, member, number=2)
    assert (again.made.right, again.made.points, again.rewards_gone) == (3, 0, True)
    assert (points(member), PointTransaction.objects.count()) == (50, 1)
    assert laws() == []


def test_too_few_right_answers_win_nothing_and_the_next_try_may(member):
    quiz = make_quiz()
    assert not answer(quiz, member, right=1).made.is_passed
    assert points(member) == 0
    assert answer(quiz, member, number=2).made.points == 50


def test_the_same_answers_again_are_no_second_try(member):
    quiz = make_quiz()
    sent = {"quiz_id": quiz.pk, "number": 1, "member_id": member.pk, "channel": "", "now": NOW}
    answers = answers_to(quiz, member)
    answer_quiz(**sent, answers=answers)
    with pytest.raises(QuizQuestionsChanged):
        answer_quiz(**sent, answers=answers)
    with pytest.raises(QuizQuestionsChanged):
        answer_quiz(**{**sent, "number": 2}, answers={max(answers) + 1000: Given()})
    assert (QuizTry.objects.count(), QuizTally.objects.get().tries, points(member)) == (1, 1, 50)


def test_tries_are_counted_by_the_day_of_shanghai_and_in_all(member):
    quiz = make_quiz(tries_in_all=3)
    answer(quiz, member, right=0, now=NOW)
    answer(quiz, member, number=2, right=0, now=NOW)
    midnight = NOW.replace(hour=16)
    with pytest.raises(QuizTriesUsedToday):
        answer(quiz, member, number=3, now=midnight.replace(hour=15, minute=59, second=59))
    assert answer(quiz, member, number=3, right=0, now=midnight).made.number == 3
    with pytest.raises(QuizTriesUsed):
        answer(quiz, member, number=4, now=NOW + 2 * DAY)
    assert (QuizTry.objects.count(), laws()) == (3, [])


def test_riddles_are_typed_and_several_options_all_ticked(member):
    typed = make_question("typed", right=("告", "gao"))
    many = make_question("multiple", right=("lanterns", "riddles"), wrong=("boats",))
    quiz = make_quiz(typed, many, questions_per_try=2, tries_per_day=3)
    options = {option.text: option.pk for option in many.options.all()}

    def said(number, text, *ticked):
        answers = {typed.pk: Given(text=text), many.pk: Given(tuple(options[each] for each in ticked))}
        judged = answer_quiz(quiz_id=quiz.pk, number=number, member_id=member.pk, channel="", answers=answers, now=NOW)
        return judged.made

    first = said(1, " 告！", "riddles", "lanterns")
    assert first.right == 2
    assert dict(zip(first.question_ids, first.answers, strict=True))[typed.pk] == " 告！"
    assert said(2, "牛", "riddles").right == 0
    assert said(3, "GAO", "riddles", "lanterns", "boats").right == 1


def test_a_coupon_is_won_with_the_points_and_points_alone_where_coupons_are_gone(member):
    template = make_template(way="reward", total_limit=1, starts_at=NOW - DAY, ends_at=NOW + DAY)
    quiz = make_quiz(reward_template=template)
    assert answer(quiz, member).made.coupon == Coupon.objects.get(member=member)
    late = MemberFactory.create()
    judged = answer(quiz, late)
    assert (judged.made.coupon, judged.made.points, points(late)) == (None, 50, 50)


def test_rewards_end_with_their_number_and_with_the_budget(member):
    scarce = make_quiz(rewards_limit=1)
    assert answer(scarce, member).made.points == 50
    assert answer(scarce, MemberFactory.create()).rewards_gone
    # 50 points are worth 50 fen: the budget reaches for one.
    poor = make_quiz(budget_fen=99)
    assert answer(poor, member).made.points == 50
    assert answer(poor, MemberFactory.create()).rewards_gone
    poor.refresh_from_db()
    assert (poor.spent_fen, poor.rewards_given, laws()) == (50, 1, [])


@pytest.mark.parametrize(
    "fields", [{"status": "paused"}, {"starts_at": NOW + DAY}, {"ends_at": NOW, "starts_at": NOW - DAY}]
)
def test_only_a_live_quiz_is_answered(member, fields):
    quiz = make_quiz(**fields)
    with pytest.raises(QuizNotFound):
        answer(quiz, member)
    assert not QuizTally.objects.exists()


def test_only_its_audience_answers(member):
    quiz = make_quiz(new_members_only=True)
    FirstPurchase.objects.create(member=member, order_number="D1", placed_at=NOW)
    with pytest.raises(NotForOldMembers):
        answer(quiz, member)
    assert not QuizTally.objects.exists()


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("limits", "refusal"),
    [({"tries_per_day": 1}, QuizTriesUsedToday), ({"tries_per_day": CROWD, "tries_in_all": 1}, QuizTriesUsed)],
)
def test_fifty_answers_at_once_are_one_try_and_one_reward(member, limits, refusal, guarded, monkeypatch):
    """Without the row that counts them they are as many as come."""
    quiz = make_quiz(**limits)
    answers = answers_to(quiz, member)
    if not guarded:
        monkeypatch.setattr(services, "_count_try", lambda quiz, member_id, now: (1, 0))
        monkeypatch.setattr(QuizTry, "save", lambda self, **kwargs: None)
        monkeypatch.setattr(services, "_reward", lambda quiz, made, now: setattr(made, "points", 50))

    def send():
        return answer_quiz(quiz_id=quiz.pk, number=1, member_id=member.pk, channel="", answers=answers, now=NOW)

    answered = run_together(*[send] * CROWD)
    won = [each for each in answered if not isinstance(each, Exception) and each.made.points]
    if not guarded:
        assert len(won) == CROWD
        return
    assert [type(each) for each in answered if isinstance(each, Exception)] == [refusal] * (CROWD - 1)
    assert (len(won), QuizTry.objects.count(), points(member), laws()) == (1, 1, 50, [])


@pytest.mark.parametrize(("guarded", "won"), [(True, 3), (False, CROWD)])
def test_rewards_in_all_are_exact_among_many_members(guarded, won, monkeypatch):
    quiz = make_quiz(rewards_limit=3)
    members = MemberFactory.create_batch(CROWD)
    if not guarded:
        monkeypatch.setattr(services, "_take_reward", lambda quiz: True)
    answered = run_together(*[lambda each=each: answer(quiz, each) for each in members])
    assert sum(bool(each.made.points) for each in answered) == won
    assert (laws() == []) is guarded


@pytest.mark.parametrize(("guarded", "won"), [(True, 2), (False, CROWD)])
def test_the_budget_for_rewards_is_exact_among_many_members(guarded, won, monkeypatch):
    """50 points are worth 50 fen: it reaches for two."""
    quiz = make_quiz(budget_fen=120)
    members = MemberFactory.create_batch(CROWD)
    if not guarded:
        monkeypatch.setattr(services, "_take_reward", lambda quiz: True)
    answered = run_together(*[lambda each=each: answer(quiz, each) for each in members])
    assert sum(bool(each.made.points) for each in answered) == won
    quiz.refresh_from_db()
    if guarded:
        assert (quiz.spent_fen, laws()) == (100, [])


def test_what_came_of_it_is_counted():
    """Of three who take part two have joined since the quiz began a day ago, one of them in that very moment."""
    quiz = make_quiz()
    for joined_at in (NOW, NOW - DAY):
        answer(quiz, MemberFactory.create(joined_at=joined_at), right=0)
    answer(quiz, MemberFactory.create(joined_at=NOW - 2 * DAY))
    found = result_of_quiz(quiz.pk)
    assert (found.participants, found.cost_fen, found.orders, found.new_members) == (3, 50, 0, 2)
