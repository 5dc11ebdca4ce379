"""Reads of presales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from members.invitations.targets import ShareTarget
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import admits_at, open_to
from promotions.presale.errors import PresaleNotFound
from promotions.presale.models import Presale, PresaleItem, PresaleTally
from shop.catalog.queries import SkuSnapshot, sku_snapshots


@dataclass(frozen=True)
class Shown:
    """An item with its SKU as it is sold now, and how many units of it the member has taken."""

    item: PresaleItem
    sku: SkuSnapshot
    mine: int


def open_presales(*, buyer: Buyer, now: datetime) -> QuerySet[Presale]:
    """Those that the buyer may order from now, with their items, in two queries for any page of them."""
    found = Presale.objects.filter(admits_at(now) & open_to(buyer))
    return found.prefetch_related(Prefetch("items", PresaleItem.objects.order_by("pk")))


def open_presale(*, presale_id: int, buyer: Buyer, now: datetime) -> Presale:
    """Raises PresaleNotFound."""
    found = open_presales(buyer=buyer, now=now).filter(pk=presale_id).first()
    if found is None:
        raise PresaleNotFound
    return found


def shown_items(presales: Sequence[Presale], *, member_id: int | None, now: datetime) -> Mapping[int, Sequence[Shown]]:
    """By presale, what of its goods is on the shelf; two queries for all of them."""
    items = [item for presale in presales for item in presale.items.all()]
    skus = sku_snapshots(sku_ids=[item.sku_id for item in items], now=now)
    tallies: dict[int, int] = {}
    if member_id is not None:
        mine = PresaleTally.objects.filter(member=member_id, item__in=items)
        tallies = dict(mine.values_list("item_id", "units"))
    found: dict[int, list[Shown]] = {presale.pk: [] for presale in presales}
    for item in items:
        sku = skus.get(item.sku_id)
        if sku is not None and sku.on_sale:
            found[item.presale_id].append(Shown(item, sku, tallies.get(item.pk, 0)))
    return found


def share_target(*, pk: int, now: datetime) -> ShareTarget | None:
    presale = Presale.objects.filter(admits_at(now), pk=pk).first()
    return ShareTarget(key=f"presale-{pk}", title=presale.name) if presale else None
