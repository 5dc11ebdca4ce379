"""Events of one call: judged one by one, put right in time, committed as one batch before the front is answered."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from analytics.events.incoming import BodyIn, EventIn, Reason, Refusal, read_event, refusal
from analytics.events.lines import Row, key_of, lines_of, milliseconds
from analytics.events.models import Batch, QuarantinedEvent, TrackingRefusal
from shop.core.clock import SHANGHAI
from shop.core.prepared import Prepared
from shop.core.transactions import use_case

OLDEST, NEWEST = timedelta(hours=72), timedelta(minutes=10)
# What a call takes on its way is no wrong clock.
LATENCY_MS = 5_000
_BOT = re.compile(r"bot|spider|crawl|slurp|headless|phantom|lighthouse|python-|curl/|wget/|scrapy|go-http", re.I)
_DEVICES = (("iphone", "ios"), ("ipad", "ios"), ("android", "android"), ("harmony", "android"))
_DESKTOPS = ("windows", "macintosh", "linux")

_SKEW = Prepared(
    "session_skew",
    """
WITH told AS (
    SELECT visitor_id, session_id FROM unnest(%(visitors)s::text[], %(sessions)s::text[]) AS t (visitor_id, session_id)
), found AS (
    INSERT INTO events_sessionclock (visitor_id, session_id, skew_ms, found_at)
    SELECT visitor_id, session_id, %(skew)s::bigint, %(now)s::timestamptz FROM told
    WHERE NOT EXISTS (SELECT FROM events_sessionclock known
        WHERE known.visitor_id = told.visitor_id AND known.session_id = told.session_id)
    ON CONFLICT DO NOTHING RETURNING visitor_id, session_id, skew_ms
)
SELECT visitor_id, session_id, skew_ms FROM found
UNION ALL
SELECT visitor_id, session_id, known.skew_ms FROM told JOIN events_sessionclock known USING (visitor_id, session_id)
""",
)


@dataclass(frozen=True)
class Front:
    """Who has sent them, as the request tells."""

    member_id: int | None = None
    channel: str = ""
    user_agent: str = ""
    refuses_tracking: bool = False

    @property
    def is_bot(self) -> bool:
        return _BOT.search(self.user_agent) is not None

    @property
    def device(self) -> str:
        agent = self.user_agent.lower()
        named = next((device for mark, device in _DEVICES if mark in agent), "")
        return named or ("desktop" if any(mark in agent for mark in _DESKTOPS) else "")


@dataclass
class Received:
    accepted: int = 0
    refused: list[Refusal] = field(default_factory=list)


@use_case
def receive_events(*, body: BodyIn, front: Front, now: datetime) -> Received:
    """Keep what is acceptable and quarantine the rest, with the reasons that are answered."""
    read = [(read_event(raw, index), raw) for index, raw in enumerate(body.events)]
    refused = [each for each, _raw in read if isinstance(each, Refusal)]
    events = [(index, each, raw) for index, (each, raw) in enumerate(read) if isinstance(each, EventIn)]
    if _is_refused(front):
        # Whoever does not want to be watched leaves nothing behind, here neither.
        return Received(0, [Refusal(index, event.id, Reason.REFUSED) for index, event, _raw in events])
    rows: list[Row] = []
    skews = _skews([event for _index, event, _raw in events], sent_at=body.sent_at, now=now)
    earliest, latest = milliseconds(now - OLDEST), milliseconds(now + NEWEST)
    for index, event, raw in events:
        at_ms = milliseconds(event.at) + skews[event.visitor_id, event.session_id]
        if at_ms < earliest or at_ms > latest:
            refused.append(refusal(event, index, Reason.TOO_OLD if at_ms < earliest else Reason.IN_FUTURE, raw))
        else:
            rows.append(_row(event, at_ms=at_ms, index=index, front=front, device=body.device))
    if rows:
        lines = lines_of(rows, now=now)
        Batch.objects.create(member_id=front.member_id, lines=lines, events=len(rows), received_at=now)
    refused.sort(key=lambda each: each.index)
    _quarantine(refused, body=body, front=front, now=now)
    return Received(len(rows), refused)


def _is_refused(front: Front) -> bool:
    if front.refuses_tracking:
        return True
    return front.member_id is not None and TrackingRefusal.objects.filter(member_id=front.member_id).exists()


def _skews(events: Sequence[EventIn], *, sent_at: datetime, now: datetime) -> dict[tuple[str, str], int]:
    """By visitor and session, in milliseconds: as at the first call of the session, whatever this one says."""
    sessions = sorted({(event.visitor_id, event.session_id) for event in events})
    if not sessions:
        return {}
    skew = milliseconds(now) - milliseconds(sent_at)
    asked = {
        "visitors": [visitor for visitor, _session in sessions],
        "sessions": [session for _visitor, session in sessions],
        "skew": skew if abs(skew) > LATENCY_MS else 0,
        "now": now,
    }
    found = {(visitor, session): ms for visitor, session, ms in _SKEW.run(asked)}
    if len(found) < len(sessions):
        # Another call of the same session has written them this very moment; by now they can be seen.
        found |= {(visitor, session): ms for visitor, session, ms in _SKEW.run(asked)}
    return found


def _row(event: EventIn, *, at_ms: int, index: int, front: Front, device: str) -> Row:
    return Row(
        event_id=key_of(visitor_id=event.visitor_id, event_id=event.id),
        at_ms=at_ms,
        sequence=index if event.seq is None else event.seq,
        name=event.name,
        visitor_id=event.visitor_id,
        session_id=event.session_id or nameless_session(at_ms),
        page=event.page,
        campaign=event.campaign,
        product_id=event.product_id,
        channel=front.channel,
        device=device or front.device,
        load_ms=event.load_ms,
        dwell_ms=event.dwell_ms,
        is_bot=front.is_bot,
        props=event.props,
    )


def nameless_session(at_ms: int) -> str:
    """What a front does not put into a session belongs to that of the visitor's day."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(SHANGHAI):%Y-%m-%d}"


def _quarantine(refused: Sequence[Refusal], *, body: BodyIn, front: Front, now: datetime) -> None:
    QuarantinedEvent.objects.bulk_create(
        QuarantinedEvent(
            reason=each.code,
            event=each.event,
            visitor_id=each.visitor_id,
            member_id=front.member_id,
            sent_at=body.sent_at,
            received_at=now,
        )
        for each in refused
    )
