"""By which order a member ceases to be new; called for every order, inside its transaction."""

from datetime import datetime

from promotions.campaigns.models import FirstPurchase
from shop.core.prepared import Prepared

# The one that stands may be this very order's: then it is taken.
_TAKE = Prepared(
    "first_purchase_take",
    """
INSERT INTO campaigns_firstpurchase AS first (member_id, order_number, is_paid, placed_at) VALUES (%s, %s, false, %s)
ON CONFLICT (member_id) DO UPDATE SET order_number = first.order_number
    WHERE first.order_number = excluded.order_number
RETURNING member_id
""",
)
_PAID = Prepared(
    "first_purchase_paid",
    """
INSERT INTO campaigns_firstpurchase AS first (member_id, order_number, is_paid, placed_at) VALUES (%s, %s, true, %s)
ON CONFLICT (member_id) DO UPDATE SET order_number = excluded.order_number, is_paid = true WHERE NOT first.is_paid
""",
)


def take_first_purchase(*, member_id: int, order_number: str, now: datetime) -> bool:
    """The order is placed. False when another one stands already, so that what is for new members is refused."""
    return bool(_TAKE.run([member_id, order_number, now]))


def confirm_first_purchase(*, member_id: int, order_number: str, now: datetime) -> None:
    """The order is paid: whatever happens to it later, its buyer is no new member any more."""
    _PAID.run([member_id, order_number, now])


def forget_first_purchase(*, order_number: str) -> None:
    """The shop called the paid order off, and its buyer has paid for no other: they are as new as before."""
    FirstPurchase.objects.filter(order_number=order_number).delete()


def release_first_purchase(*, order_number: str) -> None:
    """The order was never paid: the member is as new as before."""
    FirstPurchase.objects.filter(order_number=order_number, is_paid=False).delete()
