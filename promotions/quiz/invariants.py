"""Laws of quizzes on live data."""

from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.quiz.models import Quiz, QuizTally, QuizTry

SHOWN = 20
_WON = Q(points__gt=0) | Q(coupon__isnull=False)


def tallies_count_the_tries() -> list[str]:
    made = QuizTry.objects.filter(quiz=OuterRef("quiz"), member=OuterRef("member")).order_by().values("quiz")
    counted = Subquery(made.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    wrong = QuizTally.objects.annotate(made=Coalesce(counted, 0)).exclude(tries=F("made"))
    return [f"quiz {row.quiz_id}, member {row.member_id}: {row.tries} tries, {row.made} made" for row in wrong[:SHOWN]]


def rewards_are_those_of_the_members() -> list[str]:
    """A reward without points whose coupon was gone is a reward all the same, so that fewer may be seen in tries."""
    counted = QuizTally.objects.filter(quiz=OuterRef("pk")).order_by().values("quiz")
    won = QuizTry.objects.filter(_WON, quiz=OuterRef("pk")).order_by().values("quiz")
    quizzes = Quiz.objects.annotate(
        counted=Coalesce(Subquery(counted.annotate(n=Sum("rewards")).values("n"), output_field=IntegerField()), 0),
        won=Coalesce(Subquery(won.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
    )
    wrong = quizzes.exclude(counted=F("rewards_given"), won__lte=F("rewards_given")).order_by("pk")
    return [
        f"quiz {row.pk}: {row.rewards_given} rewards, {row.counted} of members, {row.won} won" for row in wrong[:SHOWN]
    ]


LAWS = (tallies_count_the_tries, rewards_are_those_of_the_members)
