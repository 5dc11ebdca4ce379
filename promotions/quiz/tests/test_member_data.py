import pytest

from members.identity.tests.factories import MemberFactory
from promotions.quiz.demo import load
from promotions.quiz.invariants import LAWS
from promotions.quiz.member_data import erase, export, move
from promotions.quiz.models import Quiz, QuizTally, QuizTry
from promotions.quiz.tests.making import DAY, NOW, answer, make_quiz
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_accounts_become_one_with_the_tries_and_rewards_of_both():
    quiz, other = make_quiz(), make_quiz()
    gone, kept = MemberFactory.create_batch(2)
    answer(quiz, gone, now=NOW)
    answer(quiz, gone, number=2, now=NOW)
    answer(quiz, kept, now=NOW + DAY)
    answer(other, gone, now=NOW)
    assert move(source_id=gone.pk, target_id=kept.pk, now=NOW) == {"quiz_tries": 3}
    tally = QuizTally.objects.get(quiz=quiz)
    assert (tally.member, tally.tries, tally.tries_of_day, tally.rewards) == (kept, 3, 1, 2)
    assert sorted(QuizTry.objects.filter(quiz=quiz, member=kept).values_list("number", flat=True)) == [1, 2, 3]
    assert answer(quiz, kept, number=4, now=NOW + DAY).rewards_gone
    assert [sentence for law in LAWS for sentence in law()] == []


def test_a_member_takes_their_answers_along_and_the_shop_forgets_them():
    quiz, member = make_quiz(), MemberFactory.create()
    answer(quiz, member)
    [row] = export(member_id=member.pk)["quiz_tries"]
    assert (row["quiz"], row["answers"], row["passed"], row["points"]) == ("猜灯谜", ["tea"] * 3, True, 50)
    assert erase(member_id=member.pk, now=NOW) == {"quiz_tries": 1}
    assert QuizTry.objects.get().answers == []


def test_the_demo_shop_has_lantern_riddles_that_members_have_answered():
    MemberFactory.create_batch(2)
    assert load(size="small", now=clock.now()) == "1 quiz with 6 questions"
    assert load(size="small", now=clock.now()) == "0 quizzes"
    quiz = Quiz.objects.get()
    assert (quiz.status, quiz.rewards_given, QuizTry.objects.filter(points=50).count()) == ("running", 2, 2)
