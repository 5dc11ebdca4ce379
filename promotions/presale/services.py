"""What orders take of presales and give back.

Building blocks inside the transaction of an order whose row the caller holds: the campaign's budget first, then the
item, then the member's tally. Repeatable: what was claimed, confirmed or released stays so.
"""

from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from promotions.campaigns.errors import CampaignNotLive
from promotions.campaigns.services.budget import give_back_budgets, spend_budgets
from promotions.presale.errors import PresaleLimitReached, PresaleSoldOut
from promotions.presale.models import Presale, PresaleItem, PresaleTally, PresaleUse
from shop.catalog.cache import touch_products

_COUNT_MEMBER = """
INSERT INTO presale_presaletally AS tally (item_id, member_id, units) VALUES (%(item)s, %(member)s, %(units)s)
ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
WHERE %(limit)s::int IS NULL OR tally.units + excluded.units <= %(limit)s
"""


def claim_presale(
    *, order_number: str, member_id: int, item_id: int, units: int, discount_fen: int, now: datetime
) -> None:
    """Raises PresaleSoldOut, PresaleLimitReached, BudgetSpent, CampaignNotLive; the order is undone then."""
    if PresaleUse.objects.filter(order_number=order_number).exists():
        return
    item = PresaleItem.objects.select_related("presale").get(pk=item_id)
    if not item.presale.is_live(now=now):
        raise CampaignNotLive(name=item.presale.name)
    spend_budgets(model=Presale, amounts_fen={item.presale_id: discount_fen}, now=now)
    take_units(item=item, units=units)
    _count_member(item, member_id, units)
    PresaleUse.objects.create(
        order_number=order_number,
        member_id=member_id,
        item=item,
        units=units,
        discount_fen=discount_fen,
        used_at=now,
    )


def take_units(*, item: PresaleItem, units: int) -> None:
    """Raises PresaleSoldOut."""
    within = PresaleItem.objects.filter(Q(quota=None) | Q(taken__lte=F("quota") - units), pk=item.pk)
    if not within.update(taken=F("taken") + units):
        raise PresaleSoldOut(left=PresaleItem.objects.get(pk=item.pk).left)
    _show(item, when_left=0)


def confirm_presale(*, order_number: str, paid_fen: int, now: datetime) -> None:
    """All of the order is paid: from now on it counts as a result."""
    standing = PresaleUse.objects.filter(order_number=order_number, released_at=None, confirmed_at=None)
    standing.update(confirmed_at=now, revenue_fen=paid_fen)


def release_presale(*, order_number: str, now: datetime) -> None:
    """Give back all that the order had taken."""
    use = _lock_standing(order_number)
    if use is not None:
        _lower(use, units=0, discount_fen=0)
        PresaleUse.objects.filter(pk=use.pk).update(released_at=now)


def reduce_presale(*, order_number: str, units: int, discount_fen: int, paid_fen: int, now: datetime) -> None:
    """Of a paid order goods came back: it counts for the units that stay, and for what is still paid for them."""
    if not units:
        release_presale(order_number=order_number, now=now)
        return
    use = _lock_standing(order_number)
    if use is not None:
        units, discount_fen = min(units, use.units), min(discount_fen, use.discount_fen)
        _lower(use, units=units, discount_fen=discount_fen)
        PresaleUse.objects.filter(pk=use.pk).update(units=units, discount_fen=discount_fen, revenue_fen=paid_fen)


def _lock_standing(order_number: str) -> PresaleUse | None:
    standing = PresaleUse.objects.filter(order_number=order_number, released_at=None)
    return standing.select_related("item").select_for_update(no_key=True, of=("self",)).first()


def _lower(use: PresaleUse, *, units: int, discount_fen: int) -> None:
    """Take the difference off everything that counts it."""
    give_back_budgets(model=Presale, amounts_fen={use.item.presale_id: use.discount_fen - discount_fen})
    fewer = use.units - units
    PresaleItem.objects.filter(pk=use.item_id).update(taken=F("taken") - fewer)
    _show(use.item, when_left=fewer)
    PresaleTally.objects.filter(item=use.item_id, member=use.member_id).update(units=F("units") - fewer)


def _show(item: PresaleItem, *, when_left: int) -> None:
    """Products show the presale as long as there are units: the last ones have gone, or the first have come back."""
    if PresaleItem.objects.filter(pk=item.pk, taken=F("quota") - when_left).exists():
        touch_products([item.sku.product_id])


def _count_member(item: PresaleItem, member_id: int, units: int) -> None:
    limit = item.limit_per_member
    asked = {"item": item.pk, "member": member_id, "units": units, "limit": limit}
    if limit is None or units <= limit:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT_MEMBER, asked)
            if cursor.rowcount:
                return
    raise PresaleLimitReached(limit=limit)
