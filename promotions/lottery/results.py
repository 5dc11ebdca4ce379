"""What came of a lottery: who drew, and the worth of what was won and not given back."""

from django.db.models import Count, Sum

from points.ledger.queries import points_worth_fen
from promotions.campaigns.results import Result
from promotions.lottery.models import PUT_BACK, Draw, Prize, Win


def result_of_lottery(campaign_id: int) -> Result:
    """Points for the rest cost too, though no budget asks for them; a coupon's cost counts with its own template."""
    drawn = Draw.objects.filter(lottery=campaign_id)
    standing = Win.objects.filter(draw__lottery=campaign_id).exclude(status__in=PUT_BACK)
    rest = standing.filter(prize__is_fallback=True, prize__kind=Prize.Kind.POINTS)
    points = rest.aggregate(points=Sum("prize__points", default=0))["points"]
    return Result(
        participants=drawn.aggregate(members=Count("member", distinct=True))["members"],
        cost_fen=standing.aggregate(fen=Sum("cost_fen", default=0))["fen"] + points_worth_fen(points),
    )
