"""What came of a lottery: who drew, and the worth of what was won and not given back."""

from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.results import Result
from promotions.lottery.models import PUT_BACK, ChanceEntry, Draw, Source, Win


def result_of_lottery(campaign_id: int) -> Result:
    """A coupon's cost counts with its own template.

    The members that it has brought are the friends whose registration gave their inviter chances.
    """
    drawn = Draw.objects.filter(lottery=campaign_id)
    standing = Win.objects.filter(draw__lottery=campaign_id).exclude(status__in=PUT_BACK)
    return Result(
        participants=drawn.aggregate(members=Count("member", distinct=True))["members"],
        new_members=ChanceEntry.objects.filter(lottery=campaign_id, source=Source.INVITATION).count(),
        new_by=_("registered on an invitation"),
        cost_fen=standing.aggregate(fen=Sum("cost_fen", default=0))["fen"],
    )
