"""Reads of flash sales: the sessions that members see, with what is left of their goods."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import orjson

from members.invitations.targets import ShareTarget
from promotions.campaigns.audience import Audience, Buyer
from promotions.campaigns.queries import buyer_for
from promotions.flash_sale.live import Live, LiveItem, live
from promotions.flash_sale.models import FlashSaleItem, FlashSaleReminder
from shop.catalog.cache import EVERYTHING, LISTING, Loaded, fetch
from shop.catalog.facets import earliest
from shop.catalog.queries import SkuSnapshot, sku_snapshots

ALL = "all"
# So old may be what is shown of `left`; an order asks anew.
FRESH_FOR = timedelta(seconds=1)

Session = dict[str, Any]


def sessions_for(*, member_id: int | None, channel: str, now: datetime) -> list[Session]:
    """The sessions that are shown at `now` and open to the member, the earliest first.

    From the cache without a query; with one for a member's reminders, and one where a sale is not for everybody.
    """
    sessions = _cached_sessions(now)
    audiences = [each.pop("audience") for each in sessions]
    if any(audiences):
        buyer = _buyer(member_id, channel, now)
        told = zip(sessions, audiences, strict=True)
        sessions = [each for each, audience in told if audience is None or _audience(audience).includes(buyer)]
    reminded = _reminded(member_id, sessions)
    for each in sessions:
        for item in each["items"]:
            item["reminded"] = None if member_id is None else item["id"] in reminded
    return sessions


def share_target(*, pk: int, now: datetime) -> ShareTarget | None:
    item = live().items.get(pk)
    if item is None or not item.is_shown(now):
        return None
    sku = sku_snapshots(sku_ids=[item.sku_id], now=now)[item.sku_id]
    return ShareTarget(
        key=f"flash-{pk}", title=sku.product_name, subtitle=item.sale.name, price_fen=item.price_fen or None
    )


def _cached_sessions(now: datetime) -> list[Session]:
    def load(names: list[str]) -> dict[str, Loaded]:
        published = live()
        body = orjson.dumps(_sessions(published, now))
        return {ALL: Loaded(body, valid_until=earliest(published.changes_at(now), now + FRESH_FOR))}

    found = fetch(kind="flash_sales", names=[ALL], versions=[EVERYTHING, LISTING], load=load, now=now)
    return list(orjson.loads(found[ALL]))


def _sessions(published: Live, now: datetime) -> list[Session]:
    """Two queries, whatever their number; none where nothing is shown."""
    shown = [each for each in published.items.values() if each.is_shown(now)]
    if not shown:
        return []
    skus = sku_snapshots(sku_ids=[each.sku_id for each in shown], now=now)
    left = dict(FlashSaleItem.objects.filter(pk__in=[each.id for each in shown]).values_list("pk", "left"))
    sold = [each for each in shown if skus[each.sku_id].on_sale]
    return [_session(list(items), skus, left, now) for _pk, items in groupby(sold, key=lambda each: each.session_id)]


def _session(items: list[LiveItem], skus: Mapping[int, SkuSnapshot], left: Mapping[int, int], now: datetime) -> Session:
    first = items[0]
    audience = first.sale.audience
    return {
        "id": first.session_id,
        "sale": {"id": first.sale.id, "name": first.sale.name},
        "starts_at": first.starts_at,
        "ends_at": first.ends_at,
        "is_running": first.is_live(now),
        "audience": None if audience.is_everybody else _plain(audience),
        "items": [_item(each, skus[each.sku_id], left.get(each.id, 0)) for each in items],
    }


def _item(item: LiveItem, sku: SkuSnapshot, left: int) -> dict[str, Any]:
    """No more are left than the shop has."""
    return {
        "id": item.id,
        "product_id": sku.product_id,
        "sku_id": sku.sku_id,
        "name": sku.product_name,
        "options": sku.options_label,
        "image_url": sku.image_url,
        "list_price_fen": sku.price_fen,
        "price_fen": item.price_fen,
        "points": item.points,
        "quota": item.quota,
        "left": min(left, sku.available),
        "limit_per_member": item.limit_per_member,
    }


def _plain(audience: Audience) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(audience).items()}


def _audience(told: Mapping[str, Any]) -> Audience:
    fields: dict[str, Any] = {name: frozenset(v) if isinstance(v, list) else v for name, v in told.items()}
    return Audience(**fields)


def _buyer(member_id: int | None, channel: str, now: datetime) -> Buyer:
    if member_id is None:
        return Buyer(None, None, is_new=True, channel=channel)
    return buyer_for(member_id=member_id, channel=channel, now=now)


def _reminded(member_id: int | None, sessions: Iterable[Session]) -> set[int]:
    coming = [item["id"] for each in sessions if not each["is_running"] for item in each["items"]]
    if member_id is None or not coming:
        return set()
    return set(FlashSaleReminder.objects.filter(member=member_id, item__in=coming).values_list("item", flat=True))
