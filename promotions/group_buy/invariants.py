"""Laws of group buys on live data."""

from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.campaigns.models import PUBLISHED
from promotions.group_buy.models import COUNTED, STANDING, GroupBuy, MemberTally, Seat, SeatStatus, Team, TeamStatus

SHOWN = 20


def teams_count_their_seats() -> list[str]:
    """And no team has more of them than its size."""
    seats = Seat.objects.filter(team=OuterRef("pk")).order_by().values("team")
    teams = Team.objects.annotate(
        standing=_count(seats.filter(status__in=STANDING)), paid=_count(seats.filter(status=SeatStatus.PAID))
    )
    wrong = teams.filter(~Q(seats_taken=F("standing")) | ~Q(seats_paid=F("paid")) | Q(standing__gt=F("size")))
    return [
        f"team {row.pk} of {row.size}: {row.seats_taken} taken and {row.seats_paid} paid,"
        f" {row.standing} and {row.paid} in seats"
        for row in wrong.order_by("pk")[:SHOWN]
    ]


def ended_teams_stand_as_their_seats() -> list[str]:
    """A full team has succeeded; one that failed has somebody to pay back, one that was given up has nobody."""
    wrong = Team.objects.filter(
        Q(status=TeamStatus.OPEN, seats_paid=F("size"))
        | Q(status=TeamStatus.OPEN, seats_taken=0)
        | Q(status__in=[TeamStatus.SUCCEEDED, TeamStatus.FAILED], seats_paid=0)
        | Q(status=TeamStatus.GIVEN_UP, seats_paid__gt=0)
        | Q(status__in=[TeamStatus.FAILED, TeamStatus.GIVEN_UP], seats_taken__gt=F("seats_paid"))
    )
    return [
        f"team {row.pk} is {row.status} with {row.seats_paid} of {row.seats_taken} seats paid"
        for row in wrong.order_by("pk")[:SHOWN]
    ]


def standing_teams_have_one_leader() -> list[str]:
    leaders = Seat.objects.filter(team=OuterRef("pk"), leads=True, status__in=STANDING).order_by().values("team")
    wrong = Team.objects.filter(seats_taken__gt=0).annotate(leaders=_count(leaders)).exclude(leaders=1)
    return [f"team {row.pk} has {row.leaders} leaders" for row in wrong.order_by("pk")[:SHOWN]]


def tallies_count_the_orders_of_members() -> list[str]:
    seats = Seat.objects.filter(COUNTED, team__group_buy=OuterRef("group_buy"), member=OuterRef("member"))
    counted = MemberTally.objects.annotate(standing=_count(seats.order_by().values("member")))
    wrong = counted.exclude(orders=F("standing")).order_by("pk")
    return [
        f"group buy {row.group_buy_id}, member {row.member_id}: {row.orders} orders, {row.standing} seats"
        for row in wrong[:SHOWN]
    ]


def budgets_count_what_was_given() -> list[str]:
    given = Seat.objects.filter(COUNTED, team__group_buy=OuterRef("pk")).order_by().values("team__group_buy")
    sums = Subquery(given.annotate(n=Sum("discount_fen")).values("n"), output_field=IntegerField())
    rows = GroupBuy.objects.filter(budget_fen__isnull=False, status__in=PUBLISHED).annotate(given=Coalesce(sums, 0))
    wrong = rows.exclude(spent_fen=F("given")).order_by("pk")
    return [f"group buy {row.pk}: {row.spent_fen} fen spent, {row.given} in seats" for row in wrong[:SHOWN]]


LAWS = (
    teams_count_their_seats,
    ended_teams_stand_as_their_seats,
    standing_teams_have_one_leader,
    tallies_count_the_orders_of_members,
    budgets_count_what_was_given,
)


def _count(grouped: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(grouped.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
