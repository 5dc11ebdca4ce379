"""What every quote and order reads of its member and its goods, read in one round trip and at one moment."""

from contextlib import AbstractContextManager
from datetime import datetime

from logistics.freight.queries import ask_templates, some_have_own
from logistics.network.queries import ask_free
from members.identity.queries import ask_address
from orders.checkout.offers import Wish
from points.ledger.queries import ask_balance
from promotions.campaigns.queries import ask_buyer
from promotions.coupons.terms import ask_coupons
from promotions.discounts.left import left_ahead
from shop.catalog.queries import ask_snapshots
from shop.core.prepared import Question
from shop.core.together import read_together


def read_ahead(*, wish: Wish, now: datetime, binding: bool = False) -> AbstractContextManager[None]:
    """For the block in which the wish is priced, `binding` where it is ordered; `filled`: its goods are asked for."""
    member_id = wish.member_id
    asked: list[Question] = [ask_buyer(member_id=member_id, now=now)]
    if wish.coupon_ids or not binding:
        asked.append(ask_coupons(member_id=member_id, asked=wish.coupon_ids, now=now))
    if wish.pickup_store_id is None:
        asked.append(ask_address(member_id=member_id, address_id=wish.address_id))
    if wish.points_to_use:
        asked.append(ask_balance(member_id=member_id, now=now))
    if wish.items is not None:
        sku_ids = {item.sku_id for item in wish.items}
        asked.append(ask_snapshots(sku_ids=sku_ids, now=now, shown=binding))
        if not binding:
            asked.append(ask_free(sku_ids=sku_ids))
            asked += left_ahead(member_id=member_id)
        if binding or some_have_own():
            asked.append(ask_templates(sku_ids=sku_ids))
    return read_together(*asked)
