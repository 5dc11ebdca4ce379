"""What follows when a member has the goods: one outbox row per step, as after a payment."""

from collections.abc import Callable

from members.invitations.services import settle_first_order
from orders.checkout.facts import OrderCompleted


def settle_invitation(fact: OrderCompleted) -> None:
    """The first settled order of an invited member settles the invitation."""
    settle_first_order(member_id=fact.member_id, order_number=fact.number, now=fact.at)


AFTER_COMPLETION: tuple[Callable[[OrderCompleted], None], ...] = (settle_invitation,)
