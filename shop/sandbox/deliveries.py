"""Callbacks to the shop: sent at once, tried again on a schedule, never lost by a restart.

Owns the `deliveries` table. Always: 200 and 204 end a delivery, or what its target wants instead; everything else (also
no answer within five seconds) leads to the next attempt until the schedule is used up; first attempts of one lane (an
order, a parcel) leave in the order in which they were queued unless a fault says otherwise.
"""

import heapq
import itertools
import queue
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from shop.sandbox.faults import CALLBACK_KINDS, Faults
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.store import Store

WORKERS = 8
KEPT_SECONDS = 7 * 86400
CALLBACK_TIMEOUT = 5.0
LISTED = 200


@dataclass(eq=False)
class Delivery:
    """One callback under way; `row` is None for the extra copies of a duplicated one, which are tried once."""

    row: int | None
    target: str
    lane: str
    url: str
    body: str
    due_at: float
    attempts: int = 0
    status: int | None = None
    dispatched: bool = False
    tried: threading.Event = field(default_factory=threading.Event)


class Deliverer:
    """Sends callbacks from a few workers, each the sole one of its lanes."""

    def __init__(
        self,
        *,
        store: Store,
        faults: Faults,
        schedule: tuple[float, ...],
        signers: Mapping[str, Callable[[str], dict[str, str]]],
        acceptances: Mapping[str, Callable[[httpx.Response], bool]],
    ) -> None:
        self._store = store
        self._faults = faults
        self._schedule = schedule
        self._signers = signers
        self._acceptances = acceptances
        self._client = httpx.Client(timeout=CALLBACK_TIMEOUT, trust_env=False)
        self._wake = threading.Condition()
        self._timed: list[tuple[float, int, Delivery]] = []
        self._order = itertools.count()
        self._held: dict[str, list[Delivery]] = {}
        self._stopped = False
        self._lanes: list[queue.SimpleQueue[Delivery | None]] = [queue.SimpleQueue() for _ in range(WORKERS)]

    def routes(self) -> list[Route]:
        return [Route("GET", "/deliveries", self.list_deliveries)]

    def start(self) -> None:
        """Start the threads and take up what an earlier run had left."""
        self._store.run("DELETE FROM deliveries WHERE state <> 'pending' AND due_at < ?", time.time() - KEPT_SECONDS)
        for row in self._store.all("SELECT * FROM deliveries WHERE state = 'pending' ORDER BY id"):
            delivery = Delivery(
                row["id"], row["target"], row["lane"], row["url"], row["body"], row["due_at"], row["attempts"]
            )
            self._schedule_at(delivery)
        threading.Thread(target=self._run_clock, name="clock", daemon=True).start()
        for number in range(WORKERS):
            threading.Thread(
                target=self._run_lane, args=(self._lanes[number],), name=f"lane-{number}", daemon=True
            ).start()

    def stop(self) -> None:
        """Send nothing more; what is pending stays in the store for the next start."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        for lane in self._lanes:
            lane.put(None)

    def enqueue(self, *, target: str, lane: str, url: str, body: str, due_at: float | None = None) -> Delivery:
        """Write a callback down inside the caller's transaction; `send` sets it going once that is committed."""
        due_at = time.time() if due_at is None else due_at
        row = self._store.insert(
            "deliveries", target=target, lane=lane, url=url, body=body, state="pending", due_at=due_at
        )
        return Delivery(row, target, lane, url, body, due_at)

    def send_once(self, *, target: str, lane: str, url: str, body: str) -> Delivery:
        """Send a callback that is neither written down nor tried again."""
        delivery = Delivery(None, target, lane, url, body, time.time())
        self._schedule_at(delivery)
        return delivery

    def send(self, delivery: Delivery) -> None:
        """Set a queued callback going, now or when it is due, through whatever fault awaits it."""
        fault = self._faults.take(delivery.target, CALLBACK_KINDS)
        if fault is None:
            self._schedule_at(delivery)
        elif fault.kind == "lose":
            self._finish(delivery, state="lost")
        elif fault.kind == "delay":
            delivery.due_at += fault.seconds
            self._schedule_at(delivery)
        elif fault.kind == "duplicate":
            # Each copy has a lane of its own so that they arrive together, as the worst case does.
            self._schedule_at(delivery)
            for copy in range(1, fault.copies):
                lane = f"{delivery.lane}#{copy}"
                self._schedule_at(Delivery(None, delivery.target, lane, delivery.url, delivery.body, delivery.due_at))
        else:
            with self._wake:
                self._held.setdefault(delivery.target, []).append(delivery)
            delivery.due_at += fault.seconds
            self._schedule_at(delivery)

    def list_deliveries(self, request: Request) -> Response:
        """GET /deliveries?target=: the newest callbacks and what became of them."""
        rows = self._store.all(
            "SELECT id, target, lane, url, attempts, state, last_status, due_at FROM deliveries"
            " WHERE ?1 IS NULL OR target = ?1 ORDER BY id DESC LIMIT ?2",
            request.query.get("target"),
            LISTED,
        )
        return answer([dict(row) for row in rows])

    def _schedule_at(self, delivery: Delivery) -> None:
        delivery.dispatched = False
        if delivery.due_at <= time.time():
            self._dispatch(delivery)
            return
        with self._wake:
            heapq.heappush(self._timed, (delivery.due_at, next(self._order), delivery))
            self._wake.notify()

    def _dispatch(self, delivery: Delivery) -> None:
        with self._wake:
            if delivery.dispatched or self._stopped:
                return
            delivery.dispatched = True
        self._lanes[zlib.crc32(delivery.lane.encode()) % WORKERS].put(delivery)

    def _run_clock(self) -> None:
        while True:
            with self._wake:
                while not self._stopped and (not self._timed or self._timed[0][0] > time.time()):
                    self._wake.wait(self._timed[0][0] - time.time() if self._timed else None)
                if self._stopped:
                    return
                due_at, _, delivery = heapq.heappop(self._timed)
            # One that was let go earlier, or put off since, has another entry or none.
            if due_at == delivery.due_at:
                self._dispatch(delivery)

    def _run_lane(self, lane: queue.SimpleQueue[Delivery | None]) -> None:
        while (delivery := lane.get()) is not None and not self._stopped:
            self._attempt(delivery)
            self._release_held(after=delivery)

    def _release_held(self, *, after: Delivery) -> None:
        """Let go what a reorder fault held back until another callback of its target had been tried."""
        with self._wake:
            held = self._held.pop(after.target, [])
        for delivery in held:
            if delivery is not after:
                delivery.due_at = time.time()
                self._dispatch(delivery)

    def _attempt(self, delivery: Delivery) -> None:
        accepted = False
        try:
            headers = self._signers[delivery.target](delivery.body)
            response = self._client.post(delivery.url, content=delivery.body.encode(), headers=headers)
            delivery.status = response.status_code
            accepted = self._acceptances.get(delivery.target, _by_status)(response)
        except (httpx.HTTPError, httpx.InvalidURL):
            delivery.status = None
        delivery.attempts += 1
        if accepted:
            self._finish(delivery, state="delivered")
        elif delivery.row is None or delivery.attempts > len(self._schedule):
            self._finish(delivery, state="given_up")
        else:
            delivery.due_at = time.time() + self._schedule[delivery.attempts - 1]
            self._record(delivery, state="pending")
            self._schedule_at(delivery)
        delivery.tried.set()

    def _finish(self, delivery: Delivery, *, state: str) -> None:
        self._record(delivery, state=state)
        delivery.tried.set()

    def _record(self, delivery: Delivery, *, state: str) -> None:
        if delivery.row is not None:
            self._store.run(
                "UPDATE deliveries SET attempts = ?, state = ?, last_status = ?, due_at = ? WHERE id = ?",
                delivery.attempts,
                state,
                delivery.status,
                delivery.due_at,
                delivery.row,
            )


def _by_status(response: httpx.Response) -> bool:
    return response.status_code in (200, 204)


def attempted(delivery: Delivery, *, timeout: float) -> dict[str, object]:
    """Wait for the first attempt and tell what the shop answered; 504 when there was none in that time."""
    if not delivery.tried.wait(timeout):
        raise refused(504, "NOT_SENT_YET", f"The callback was not sent within {timeout:g} s.")
    return {"status": delivery.status, "attempts": delivery.attempts}
