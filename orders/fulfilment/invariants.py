"""Laws of what becomes of paid orders."""

from orders.fulfilment.failed_teams import forgotten

SHOWN = 20


def failed_teams_are_paid_back() -> list[str]:
    """Who has paid for a team that failed has the money back, or it is on its way."""
    return [
        f"order {seat.order_number} of team {seat.team_id} is paid, its seat {seat.status}, and nothing goes back"
        for seat in forgotten()[:SHOWN]
    ]


LAWS = (failed_teams_are_paid_back,)
