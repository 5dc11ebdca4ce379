"""What is published, kept in memory under the stamp of the promotions: sessions that are not over, with their goods.

Windows and audiences are looked at with each question, counters are the database's, so that the price of an order
costs no query of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from promotions.campaigns import version
from promotions.campaigns.audience import Audience
from promotions.campaigns.models import PUBLISHED
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleSession
from promotions.pricing.model import Mechanism


@dataclass(frozen=True, slots=True)
class LiveSale:
    id: int
    name: str
    revision: int
    audience: Audience
    refuses: frozenset[Mechanism]
    has_budget: bool
    pay_within: timedelta
    warm_up: timedelta


@dataclass(frozen=True, slots=True)
class LiveItem:
    """An item between `starts_at` and before `ends_at`, those of its session."""

    id: int
    sale: LiveSale
    session_id: int
    sku_id: int
    price_fen: int
    points: int
    quota: int
    limit_per_member: int | None
    starts_at: datetime
    ends_at: datetime

    @property
    def shown_from(self) -> datetime:
        return self.starts_at - self.sale.warm_up

    def is_live(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at

    def is_shown(self, now: datetime) -> bool:
        return self.shown_from <= now < self.ends_at


@dataclass(frozen=True)
class Live:
    """Everything published under one stamp, by item id."""

    stamp: int
    items: Mapping[int, LiveItem]

    @cached_property
    def by_sku(self) -> Mapping[int, list[LiveItem]]:
        found: dict[int, list[LiveItem]] = {}
        for item in self.items.values():
            found.setdefault(item.sku_id, []).append(item)
        return found

    def changes_at(self, now: datetime, items: Iterable[LiveItem] | None = None) -> datetime | None:
        """The next moment at which one of them comes to be shown, starts or ends."""
        chosen = self.items.values() if items is None else items
        instants = [instant for each in chosen for instant in (each.shown_from, each.starts_at, each.ends_at)]
        return min((instant for instant in instants if instant > now), default=None)


NOTHING = Live(version.OFF, {})
_kept: Live | None = None


def live(stamp: int | None = None) -> Live:
    """In one query, unless something was published since this process last asked; in none for who knows the stamp."""
    global _kept
    stamp = version.current() if stamp is None else stamp
    if stamp in (version.OFF, version.UNUSED):
        return NOTHING
    kept = _kept
    if kept is None or kept.stamp != stamp:
        kept = _kept = load(stamp)
    return kept


def load(stamp: int) -> Live:
    rows = FlashSaleItem.objects.filter(session__sale__status__in=PUBLISHED).select_related("session__sale")
    sales: dict[int, LiveSale] = {}
    items = {}
    for row in rows.order_by("session__starts_at", "session", "pk"):
        sale = row.session.sale
        known = sales.setdefault(sale.pk, live_sale(sale))
        items[row.pk] = live_item(row, row.session, known)
    return Live(stamp, items)


def live_sale(sale: FlashSale) -> LiveSale:
    return LiveSale(
        id=sale.pk,
        name=sale.name,
        revision=sale.revision,
        audience=sale.audience,
        refuses=sale.refused_mechanisms,
        has_budget=sale.budget_fen is not None,
        pay_within=sale.pay_within,
        warm_up=sale.warm_up,
    )


def live_item(row: FlashSaleItem, session: FlashSaleSession, sale: LiveSale) -> LiveItem:
    return LiveItem(
        id=row.pk,
        sale=sale,
        session_id=session.pk,
        sku_id=row.sku_id,
        price_fen=row.price_fen,
        points=row.points,
        quota=row.quota,
        limit_per_member=row.limit_per_member,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )
