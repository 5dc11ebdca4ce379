"""The demo shop's visitors of a week, from a file like anybody's history, counted at once."""

import csv
import io
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from analytics.events.dirty import FUNNEL, HEAT, TRAFFIC, rebuild_dirty
from analytics.events.models import Event
from analytics.events.services.imports import COLUMNS, import_events
from analytics.events.services.loading import load_events
from analytics.events.services.server_facts import record_orders
from analytics.funnel.rebuild import rebuild_funnel
from analytics.traffic.rebuild import rebuild_heat, rebuild_traffic
from orders.checkout.models import Order, OrderLine
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import CampaignStatus
from shop.catalog.models import Product

DAYS, SEED, ORDERS = 7, 11, 60
VISITS = {"small": 300, "full": 1_500}
PAGES = ("/home", "/goods", "/sale", "/search", "/points")
FRONTS = (("mini_program", "ios"), ("mini_program", "android"), ("h5", "android"), ("h5", "desktop"), ("app", "ios"))
# Of an hour of the day: evenings are busy.
HOURS = (8, 9, 10, 12, 12, 13, 15, 18, 19, 20, 20, 21, 21, 22)
# By the load time of the first page: how likely somebody goes on.
STAYS = ((400, 0.8), (900, 0.75), (1_800, 0.6), (2_800, 0.5), (4_500, 0.35), (9_000, 0.15))
SOONEST = timedelta(minutes=30)


def load(*, size: str, now: datetime) -> str:
    if Event.objects.filter(visitor_id__startswith="demo-").exists():
        return "0 events"
    dice, orders = random.Random(SEED), list(Order.objects.filter(placed_at__lt=now).order_by("-pk")[:ORDERS])
    told = [*_week(dice, VISITS.get(size, VISITS["small"]), now), *_buyers(dice, orders)]
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(told)
    file.seek(0)
    import_events(file=file, now=now)
    record_orders(numbers=[order.number for order in orders], now=now)
    load_events(seconds=60)
    rebuild_dirty(kinds={TRAFFIC: rebuild_traffic, HEAT: rebuild_heat, FUNNEL: rebuild_funnel}, seconds=60)
    return f"{len(told)} events of {DAYS} days"


def _week(dice: random.Random, visits: int, now: datetime) -> Iterator[dict[str, Any]]:
    products = list(Product.objects.order_by("pk").values_list("pk", flat=True)[:12]) or [1]
    running = [
        f"{model.KIND}-{pk}"
        for model in campaign_models()
        for pk in model._default_manager.filter(status=CampaignStatus.RUNNING).values_list("pk", flat=True)[:1]
    ]
    midnight = now.replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    for number in range(visits):
        start = midnight + timedelta(days=dice.randrange(DAYS), hours=dice.choice(HOURS), seconds=dice.randrange(3_600))
        if start + SOONEST < now:
            yield from _visit(dice, number, start, products, running)


def _visit(
    dice: random.Random, number: int, start: datetime, products: list[int], running: list[str]
) -> Iterator[dict[str, Any]]:
    channel, device = dice.choice(FRONTS)
    visitor, at = f"demo-{dice.randrange(number // 2 + 1)}", start
    common = {"visitor_id": visitor, "session_id": f"demo-{number}", "channel": channel, "device": device}
    load_ms, stays = dice.choice(STAYS)

    def told(name: str, **fields: Any) -> dict[str, Any]:
        nonlocal at
        at += timedelta(seconds=dice.randint(1, 40))
        return {"id": UUID(int=dice.getrandbits(128)), "name": name, "at": at.isoformat(), **common, **fields}

    for view in range(1 + dice.randrange(4)):
        page, campaign = dice.choice(PAGES), dice.choice((*running, "", ""))
        yield told("page_view", page=page, campaign=campaign)
        if view or dice.random() < 0.9:
            yield told("load", page=page, load_ms=load_ms)
        yield told("exposure", page=page, campaign=campaign, product_id=dice.choice(products))
        if view == 0 and dice.random() > stays:
            yield told("leave", page=page, dwell_ms=dice.randint(800, 12_000))
            return
        yield from _shopping(dice, told, page, campaign, dice.choice(products))
        yield told("leave", page=page, dwell_ms=dice.randint(4_000, 90_000))


def _shopping(dice: random.Random, told: Any, page: str, campaign: str, product: int) -> Iterator[dict[str, Any]]:
    yield told("click", page=page, campaign=campaign, product_id=product)
    if dice.random() < 0.35:
        yield told("cart", page=page, product_id=product)


def _buyers(dice: random.Random, orders: list[Order]) -> Iterator[dict[str, Any]]:
    """What the members did before they placed the orders that the shop has."""
    bought = dict(OrderLine.objects.filter(order__in=orders, position=0).values_list("order", "product"))
    for order in orders:
        common = {"visitor_id": f"demo-m{order.member_id}", "session_id": f"demo-o{order.pk}", "channel": order.channel}
        common |= {"member_id": str(order.member_id), "page": "/goods"}
        for minutes, name in ((6, "page_view"), (5, "exposure"), (4, "click"), (3, "cart")):
            about = {} if name == "page_view" else {"product_id": bought.get(order.pk, "")}
            at = order.placed_at - timedelta(minutes=minutes)
            yield {"id": UUID(int=dice.getrandbits(128)), "name": name, "at": at.isoformat(), **common, **about}
