"""What seats took of the group buy's budget and of their members' limits, given back."""

from collections.abc import Sequence

from django.db.models import F

from promotions.campaigns.services.budget import give_back_budgets
from promotions.group_buy.models import GroupBuy, MemberTally, Seat, Team


def give_back(team: Team, seats: Sequence[Seat]) -> None:
    """Inside the transaction that holds the team's lock and lets the seats go."""
    fen = sum(seat.discount_fen for seat in seats)
    if fen:
        give_back_budgets(model=GroupBuy, amounts_fen={team.group_buy_id: fen})
    for member_id in sorted(seat.member_id for seat in seats):
        tally = MemberTally.objects.filter(group_buy=team.group_buy_id, member=member_id, orders__gt=0)
        tally.update(orders=F("orders") - 1)
