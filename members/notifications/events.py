"""What the shop can tell people: events are declared in code, beside whoever makes them come true.

A declaration names the fields that the event's templates may use, the routes that its messages take, and texts to start
with, in English; the catalogue has the Chinese. A route is a chain of channels: the first that takes the message ends
it, so that nobody is told the same thing twice, and what one channel cannot do falls to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.core.clock import SHANGHAI
from shop.core.money import yuan


class Category(models.TextChoices):
    """Transactional is what a member must know about their own business, points is what comes and goes on their
    account; marketing needs their leave."""

    TRANSACTIONAL = "transactional", _("Transactional")
    POINTS = "points", _("Points")
    MARKETING = "marketing", _("Marketing")


class Channel(models.TextChoices):
    IN_APP = "in_app", _("In-app")
    SMS = "sms", _("SMS")
    SUBSCRIBE = "subscribe", _("WeChat subscribe message")
    EMAIL = "email", _("Email")


class Kind(models.TextChoices):
    """What a field holds: how it is checked, stored and shown."""

    TEXT = "text", _("text")
    NUMBER = "number", _("number")
    MONEY = "money", _("money")
    INSTANT = "instant", _("date and time")
    DATE = "date", _("date")


SAMPLE_INSTANT = datetime(2026, 11, 21, 10, 30, tzinfo=SHANGHAI)

_TYPES: Mapping[str, type] = {
    Kind.TEXT: str,
    Kind.NUMBER: int,
    Kind.MONEY: int,
    Kind.INSTANT: datetime,
    Kind.DATE: date,
}


@dataclass(frozen=True)
class Field:
    """`sample` stands in for the value in previews and test messages."""

    name: str
    kind: Kind
    label: Any
    sample: Any

    def stored(self, value: Any) -> Any:
        """The value as plain data. Raises TypeError for one of another type."""
        # A boolean is an integer to Python and a datetime is a date, but neither is meant here.
        if not isinstance(value, _TYPES[self.kind]) or isinstance(value, bool):
            raise TypeError(f"{self.name} must be {_TYPES[self.kind].__name__}, not {type(value).__name__}")
        return value.isoformat() if isinstance(value, date) else value

    def shown(self, value: Any) -> str:
        """The stored value for a reader: one line, money in yuan, instants in Asia/Shanghai."""
        if self.kind == Kind.MONEY:
            return yuan(value)
        if self.kind == Kind.INSTANT:
            return f"{datetime.fromisoformat(value).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        return " ".join(str(value).split())


@dataclass(frozen=True)
class Text:
    """The first text of a template, as English msgids with `{placeholders}`."""

    body: str
    title: str = ""


@dataclass(frozen=True)
class NotificationEvent:
    """`link` is a page of the mini-program, with placeholders; `texts` has one Text for each channel of the routes."""

    code: str
    label: Any
    category: Category
    routes: tuple[tuple[Channel, ...], ...]
    texts: Mapping[Channel, Text]
    fields: tuple[Field, ...] = ()
    link: str = ""
    by_name: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {each.name: each for each in self.fields})

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(channel for route in self.routes for channel in route)

    def after(self, channel: str) -> tuple[Channel, ...]:
        """Where a message falls to when `channel` cannot take it."""
        for route in self.routes:
            if channel in route:
                return route[route.index(Channel(channel)) + 1 :]
        return ()

    def stored(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """The context as plain data. Raises TypeError unless it has exactly the declared fields, of their types."""
        if context.keys() != self.by_name.keys():
            raise TypeError(f"{self.code} needs {sorted(self.by_name)}, got {sorted(context)}")
        return {name: self.by_name[name].stored(value) for name, value in context.items()}

    def shown(self, stored: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.by_name[name].shown(value) for name, value in stored.items() if name in self.by_name}

    def sample(self) -> dict[str, str]:
        return self.shown(self.stored({each.name: each.sample for each in self.fields}))


_declared: dict[str, NotificationEvent] = {}


def declare(event: NotificationEvent) -> NotificationEvent:
    if event.code in _declared:
        raise ValueError(f"notification event {event.code} is declared twice")
    if len(set(event.channels)) != len(event.channels) or set(event.channels) != set(event.texts):
        raise ValueError(f"{event.code}: each channel stands in one route and has one text")
    _declared[event.code] = event
    return event


def declared_events() -> dict[str, NotificationEvent]:
    return dict(sorted(_declared.items()))


def event_of(code: str) -> NotificationEvent | None:
    """None for an event that an older version of the shop declared."""
    return _declared.get(code)
