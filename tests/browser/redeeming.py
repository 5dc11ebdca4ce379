"""Members of the demo shop come by points, through the service that books them.

`Shop.run` calls this in a process of its own, on the servers of the demo shop.
"""

from points.ledger.services import grant
from shop.core import clock
from shop.core.transactions import unit_of_work


def give_points(*, member: int, points: int) -> int:
    now = clock.now()
    with unit_of_work():
        grant(
            reference=f"browser:redeeming:{member}:{now}",
            member_id=member,
            points=points,
            source="order",
            now=now,
            matures_at=now,
            expires_at=None,
        )
    return points
