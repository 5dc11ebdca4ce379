"""What came of a quiz: who answered, and the worth of the points that were won."""

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext_lazy as _

from points.ledger.queries import points_worth_fen
from promotions.campaigns.results import Result
from promotions.quiz.models import QuizTry


def result_of_quiz(campaign_id: int) -> Result:
    """A coupon's cost counts where it is used, with its own template."""
    joined_since = Q(member__joined_at__gte=F("quiz__starts_at"))
    found = QuizTry.objects.filter(quiz=campaign_id).aggregate(
        members=Count("member", distinct=True),
        new=Count("member", distinct=True, filter=joined_since),
        points=Sum("points", filter=Q(is_passed=True)),
    )
    return Result(
        participants=found["members"],
        new_members=found["new"],
        new_by=_("joined since it began"),
        cost_fen=points_worth_fen(found["points"] or 0),
    )
