"""A seeded week of some visitors: late, twice, out of order, from wrong clocks; sent through the API, with the shop's
own facts from a file, as they would come. What was meant is kept beside it, for whoever counts independently."""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from rest_framework.test import APIClient

from analytics.events.dirty import FUNNEL, HEAT, TRAFFIC, rebuild_dirty
from analytics.events.services.imports import import_events
from analytics.events.tests.making import load, send
from analytics.funnel.rebuild import rebuild_funnel
from analytics.traffic.rebuild import rebuild_heat, rebuild_traffic
from shop.core import clock

# Ten days from Friday, 2026-05-01 in Shanghai.
START = datetime(2026, 4, 30, 16, tzinfo=UTC)
PAGES, CHANNELS = ("/home", "/goods", "/sale", "/cart"), ("h5", "app", "mini_program")
NO_TIME, TWO_HOURS = timedelta(), timedelta(hours=2)
AFTER_VIEW = ("exposure", "exposure", "click", "cart", "heartbeat", "load", "search")


@dataclass(frozen=True)
class Meant:
    id: str
    name: str
    at: datetime
    visitor_id: str
    session_id: str
    channel: str
    page: str = ""
    campaign: str = ""
    product_id: int | None = None
    load_ms: int | None = None
    dwell_ms: int | None = None
    seq: int = 0


def count_everything() -> int:
    kinds = {TRAFFIC: rebuild_traffic, HEAT: rebuild_heat, FUNNEL: rebuild_funnel}
    return rebuild_dirty(kinds=kinds, seconds=600)


def some_days(seed: int, *, visitors: int = 40, days: int = 4) -> list[Meant]:
    dice = random.Random(seed)
    found: list[Meant] = []
    for number in range(visitors):
        for session in range(dice.randint(1, days)):
            found += _session(dice, f"v{number}", f"s{session}", START + timedelta(hours=dice.random() * 24 * days))
    return found


def _session(dice: random.Random, visitor: str, session: str, at: datetime) -> list[Meant]:
    channel, found = dice.choice(CHANNELS), []
    whole_seconds = dice.random() < 0.3
    for _view in range(dice.choice((1, 1, 1, 2, 4))):
        page, campaign = dice.choice(PAGES), dice.choice(("", "", "quiz-1", "flash-2"))
        at += timedelta(seconds=dice.randint(1, 400))
        found.append(("page_view", at, page, campaign, None))
        for _more in range(dice.choice((0, 0, 1, 3, 6))):
            name = dice.choice(AFTER_VIEW)
            at += timedelta(seconds=0 if whole_seconds and dice.random() < 0.6 else dice.randint(0, 90))
            found.append((name, at, page, campaign if name in ("exposure", "click") else "", dice.randint(1, 4)))
        found.append(("leave", at + timedelta(seconds=1), page, "", None))
    return [_meant(dice, visitor, session, channel, place, each) for place, each in enumerate(found)]


def _meant(
    dice: random.Random,
    visitor: str,
    session: str,
    channel: str,
    place: int,
    each: tuple[str, datetime, str, str, int | None],
) -> Meant:
    name, at, page, campaign, product = each
    is_about_goods = name in ("exposure", "click", "cart")
    return Meant(
        id=str(UUID(int=dice.getrandbits(128))),
        name=name,
        at=at.replace(microsecond=0),
        visitor_id=visitor,
        session_id=session,
        channel=channel,
        page=page,
        campaign=campaign,
        product_id=product if is_about_goods else None,
        load_ms=dice.choice((200, 900, 2_500, 9_000)) if name == "load" else None,
        dwell_ms=dice.choice((900, 4_000, 12_000, 60_000)) if name in ("leave", "heartbeat") else None,
        seq=place,
    )


def orders_of(meant: list[Meant], seed: int) -> list[Meant]:
    """Some of what was put into a cart is ordered, and some of that is paid, days later perhaps."""
    dice, found = random.Random(seed), []
    for each in meant:
        if each.name == "cart" and dice.random() < 0.6:
            placed = Meant(
                str(UUID(int=dice.getrandbits(128))),
                "order",
                each.at + timedelta(seconds=dice.choice((0, 30))),
                each.visitor_id,
                each.session_id,
                each.channel,
                product_id=each.product_id,
                seq=998,
            )
            found.append(placed)
            if dice.random() < 0.7:
                paid_at = placed.at + dice.choice((timedelta(seconds=40), timedelta(days=2), timedelta(days=7)))
                found.append(
                    Meant(
                        **{**asdict(placed), "id": str(UUID(int=dice.getrandbits(128))), "name": "paid", "at": paid_at}
                    )
                )
    return found


def arrive(api: APIClient, meant: list[Meant], orders: list[Meant], seed: int) -> None:
    """In bits of any order, counted in between; three days late at most, a fifth twice, some clocks two hours off."""
    dice = random.Random(seed)
    arriving = sorted(
        [(each.at + timedelta(hours=dice.choice((0, 0, 0, 1, 30, 71))), n) for n, each in enumerate(meant)]
        + [(each.at + timedelta(hours=dice.choice((30, 71))), n) for n, each in enumerate(meant) if dice.random() < 0.2]
    )
    hours = sorted({at.replace(minute=0, second=0) for at, _n in arriving})
    for place, hour in enumerate(hours):
        some = [meant[n] for at, n in arriving if at.replace(minute=0, second=0) == hour]
        dice.shuffle(some)
        with clock.fixed(hour + timedelta(hours=1)):
            _call(api, some)
        if place % 7 == 0:
            load()
            count_everything()
    tell_of_orders(orders)
    load()
    count_everything()


def _call(api: APIClient, some: list[Meant]) -> None:
    """The clocks of the visitors whose number ends in 3 are two hours ahead, all the time."""
    for off in (True, False):
        post(api, [each for each in some if each.visitor_id.endswith("3") == off], wrong=TWO_HOURS if off else NO_TIME)


def post(api: APIClient, some: list[Meant], *, wrong: timedelta = NO_TIME) -> None:
    """What fronts with a clock that is so wrong send at this moment; all of it is accepted."""
    for channel in CHANNELS:
        events = [_sent(each, wrong) for each in some if each.channel == channel]
        for first in range(0, len(events), 100):
            answer = send(api, *events[first : first + 100], sent_at=clock.now() + wrong, **{"X-Channel": channel})
            assert answer.json()["rejected"] == []


def by_hour(meant: list[Meant]) -> Iterator[tuple[datetime, list[Meant]]]:
    """Hours, each at its end, with what happened in them."""
    ordered = sorted(meant, key=lambda each: each.at)
    for hour, some in groupby(ordered, key=lambda each: each.at.replace(minute=0, second=0, microsecond=0)):
        yield hour + timedelta(hours=1), list(some)


def _sent(each: Meant, wrong: timedelta) -> dict[str, object]:
    given = {**asdict(each), "at": (each.at + wrong).isoformat()}
    return {name: value for name, value in given.items() if name != "channel" and value is not None}


def tell_of_orders(orders: list[Meant]) -> None:
    """As the shop knows of them itself, from a file."""
    names = ["id", "name", "at", "visitor_id", "session_id", "channel", "product_id", "order_number", "seq"]
    file = io.StringIO()
    writer = csv.DictWriter(file, names, extrasaction="ignore")
    writer.writeheader()
    for each in orders:
        number = f"{each.visitor_id}{each.session_id}{each.product_id}"
        writer.writerow({**asdict(each), "at": each.at.isoformat(), "order_number": number})
    file.seek(0)
    with clock.fixed(START + timedelta(days=20)):
        import_events(file=file, now=clock.now())
