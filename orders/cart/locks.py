"""A cart has no row of its own: its member's row stands for it."""

from members.identity.locks import lock_member
from orders.cart.errors import CartItemNotFound
from orders.cart.models import CartItem


def lock_cart(*, member_id: int) -> None:
    """One change of this member's cart at a time, so that its bounds hold."""
    lock_member(member_id=member_id)


def lock_item(*, member_id: int, item_id: int) -> CartItem:
    """Raises CartItemNotFound; another member's line does not exist."""
    item = CartItem.objects.select_for_update(no_key=True, of=("self",)).filter(pk=item_id, member_id=member_id).first()
    if item is None:
        raise CartItemNotFound
    return item
