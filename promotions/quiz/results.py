"""What came of a quiz: who answered, and the worth of the points that were won."""

from django.db.models import Count, Q, Sum

from points.ledger.queries import points_worth_fen
from promotions.campaigns.results import Result
from promotions.quiz.models import QuizTry


def result_of_quiz(campaign_id: int) -> Result:
    """A coupon's cost counts where it is used, with its own template."""
    found = QuizTry.objects.filter(quiz=campaign_id).aggregate(
        members=Count("member", distinct=True), points=Sum("points", filter=Q(is_passed=True))
    )
    return Result(participants=found["members"], cost_fen=points_worth_fen(found["points"] or 0))
