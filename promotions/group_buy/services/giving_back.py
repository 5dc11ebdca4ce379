"""What seats took of the group buy's budget and of their members' limits, given back."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from promotions.campaigns.services.budget import give_back_budgets
from promotions.group_buy.models import COUNTED, GroupBuy, MemberTally, Seat, SeatStatus, Team, TeamStatus


def give_back(team: Team, seats: Sequence[Seat]) -> None:
    """Inside the transaction that holds the team's lock and lets the seats go."""
    fen = sum(seat.discount_fen for seat in seats)
    if fen:
        give_back_budgets(model=GroupBuy, amounts_fen={team.group_buy_id: fen})
    for member_id in sorted(seat.member_id for seat in seats):
        _uncount_order(team.group_buy_id, member_id)


def reduce_seat(*, order_number: str, units: int, discount_fen: int, paid_fen: int, now: datetime) -> None:
    """Of a paid order whose team has succeeded goods came back: it counts for the units that stay, and for what is
    still paid for them; without any, no more, and its member may order once again.

    A building block: the caller holds the order's row. Seats of failed teams have been given back with their team.
    """
    counted = Seat.objects.filter(
        COUNTED, order_number=order_number, status=SeatStatus.PAID, team__status=TeamStatus.SUCCEEDED
    )
    seat = counted.select_related("team").select_for_update(no_key=True, of=("self",)).first()
    if seat is None:
        return
    group_buy_id, kept_fen = seat.team.group_buy_id, min(discount_fen, seat.discount_fen)
    give_back_budgets(model=GroupBuy, amounts_fen={group_buy_id: seat.discount_fen - kept_fen})
    seat.units, seat.discount_fen, seat.paid_fen = min(units, seat.units), kept_fen, paid_fen
    if not units:
        _uncount_order(group_buy_id, seat.member_id)
        seat.returned_at = now
    seat.save(update_fields=["units", "discount_fen", "paid_fen", "returned_at"])


def _uncount_order(group_buy_id: int, member_id: int) -> None:
    tally = MemberTally.objects.filter(group_buy=group_buy_id, member=member_id, orders__gt=0)
    tally.update(orders=F("orders") - 1)
