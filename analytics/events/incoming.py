"""What fronts may send: one body of events, each judged by itself."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext_lazy as _

from analytics.events.names import ALL_NAMES, CLIENT_NAMES

MOST_EVENTS = 100
LONGEST_KEPT = 2_000
DEEPEST = 10
# `$` would let a last line's end through, and that of COPY's lines is one.
_ID = r"^[^\x00-\x20\x7f]+\Z"
_TEXT = r"^[^\x00-\x1f\x7f]*\Z"
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_ID)]
Text64 = Annotated[str, msgspec.Meta(max_length=64, pattern=_TEXT)]
Text200 = Annotated[str, msgspec.Meta(max_length=200, pattern=_TEXT)]
Word = Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[a-z0-9_]*\Z")]
OrderNumber = Annotated[str, msgspec.Meta(max_length=40, pattern=_TEXT)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**62)]
Fen = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600 * 1000)]
Place = Annotated[int, msgspec.Meta(ge=0, le=998)]
Props = Annotated[dict[Text64, Any], msgspec.Meta(max_length=30)]


class Reason(StrEnum):
    UNKNOWN_NAME = "unknown_name"
    SERVER_ONLY = "server_only"
    UNKNOWN_FIELD = "unknown_field"
    INVALID = "invalid_event"
    TOO_OLD = "event_too_old"
    IN_FUTURE = "event_in_future"
    REFUSED = "tracking_refused"
    NOT_LOADED = "not_loaded"


REASONS = {
    Reason.UNKNOWN_NAME: _("No event has this name."),
    Reason.SERVER_ONLY: _("The shop itself tells of this, fronts do not."),
    Reason.UNKNOWN_FIELD: _("This field is not known."),
    Reason.INVALID: _("A field is missing or has a value that it cannot have."),
    Reason.TOO_OLD: _("It happened too long ago."),
    Reason.IN_FUTURE: _("It has not happened yet."),
    Reason.REFUSED: _("The visitor does not want to be watched."),
    Reason.NOT_LOADED: _("It was accepted, but the database could not take it."),
}


class EventIn(msgspec.Struct, forbid_unknown_fields=True):
    """`dwell_ms` is how long the page has been in the foreground since its view; `seq` orders what has one instant."""

    id: Id
    name: str
    at: Instant
    visitor_id: Id
    session_id: Text64 = ""
    page: Text200 = ""
    campaign: Text64 = ""
    product_id: Number | None = None
    load_ms: Milliseconds | None = None
    dwell_ms: Milliseconds | None = None
    seq: Place | None = None
    props: Props | None = None


class BodyIn(msgspec.Struct, forbid_unknown_fields=True):
    sent_at: Instant
    events: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MOST_EVENTS)]
    device: Word = ""


class Refusal(msgspec.Struct):
    """`index` is the place in the call; `field` the one that is not known, where that is the reason."""

    index: int
    id: str
    code: Reason
    field: str = ""
    event: str = ""
    visitor_id: str = ""


_body = msgspec.json.Decoder(BodyIn)
_event = msgspec.json.Decoder(EventIn)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_body(body: bytes) -> BodyIn:
    """Raises msgspec.ValidationError, or its base DecodeError for what is no JSON."""
    try:
        return _body.decode(body)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deep") from error


def read_event(raw: msgspec.Raw, index: int) -> EventIn | Refusal:
    try:
        event = _event.decode(raw)
    except _UNREADABLE as error:
        return _complaint(raw, index, str(error))
    if event.name not in CLIENT_NAMES:
        return refusal(event, index, Reason.SERVER_ONLY if event.name in ALL_NAMES else Reason.UNKNOWN_NAME, raw)
    if event.props is not None and not _can_be_kept(event.props):
        return refusal(event, index, Reason.INVALID, raw)
    return event


def refusal(event: EventIn, index: int, reason: Reason, raw: msgspec.Raw) -> Refusal:
    return Refusal(index, event.id, reason, event=_kept(raw), visitor_id=event.visitor_id)


def _complaint(raw: msgspec.Raw, index: int, said: str) -> Refusal:
    if "unknown field" in said:
        return Refusal(index, _id_of(raw), Reason.UNKNOWN_FIELD, field=said.split("`")[1][:64], event=_kept(raw))
    return Refusal(index, _id_of(raw), Reason.INVALID, event=_kept(raw))


def _can_be_kept(props: dict[str, Any]) -> bool:
    """The database takes no NUL in a text; nobody needs depths where reading and writing end."""
    return not _is_deeper(props, DEEPEST) and b"\\u0000" not in msgspec.json.encode(props)


def _is_deeper(value: Any, most: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most < 0 or any(_is_deeper(each, most - 1) for each in inside)


def _id_of(raw: msgspec.Raw) -> str:
    """What the front can find it by, as far as it can be read."""
    try:
        found = msgspec.json.decode(raw)
    except _UNREADABLE:
        return ""
    named = found.get("id") if isinstance(found, dict) else None
    return named[:64] if isinstance(named, str) else ""


def _kept(raw: msgspec.Raw) -> str:
    return bytes(raw)[:LONGEST_KEPT].decode("utf-8", "replace").replace("\0", "")
