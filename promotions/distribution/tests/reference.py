"""What distribution must come to, in plain Python: without a ledger, all is counted anew whenever it is asked."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(days=30)


@dataclass
class Sold:
    """An order: what is left of its lines, and for each beneficiary its rates by line; worth nothing once refused."""

    left: list[int]
    rates: dict[int, list[int]]
    stage: str = "frozen"
    settles_at: datetime | None = None
    is_refused: bool = False

    def worth(self, seller: int) -> int:
        if self.is_refused:
            return 0
        return sum(fen * bp for fen, bp in zip(self.left, self.rates[seller], strict=True)) // 10_000


@dataclass
class Reference:
    """Members and distributors are numbers; a customer has a seller, until when, and whether for good."""

    rates: dict[int, tuple[int, int]] = field(default_factory=dict)
    recruiters: dict[int, int | None] = field(default_factory=dict)
    paused: set[int] = field(default_factory=set)
    customers: dict[int, tuple[int, datetime | None]] = field(default_factory=dict)
    orders: list[Sold] = field(default_factory=list)
    orders_of: dict[int, list[Sold]] = field(default_factory=lambda: defaultdict(list))
    withdrawn: dict[int, list[list[object]]] = field(default_factory=dict)
    has_second_level: bool = True

    def seller_of(self, member: int, now: datetime) -> int | None:
        seller, until = self.customers.get(member, (None, None))
        return seller if seller is not None and (until is None or now < until) else None

    def join(self, member: int, first: int, second: int, now: datetime) -> None:
        above = self.seller_of(member, now)
        self.recruiters[member] = above if above is not None and above not in self.paused else None
        self.rates[member] = (first, second)
        self.withdrawn[member] = []

    def visit(self, member: int, seller: int, now: datetime) -> None:
        if member not in self.rates and member != seller and self.seller_of(member, now) is None:
            self.customers[member] = (seller, now + WINDOW)

    def buy(self, member: int, paid: list[int], now: datetime) -> bool:
        """Distributors are nobody's customers, paused or not; nobody earns by what they buy themselves."""
        seller = None if member in self.rates else self.seller_of(member, now)
        if seller is None or seller in self.paused:
            return False
        self.customers[member] = (seller, None)
        rates = {seller: [self.rates[seller][0]] * len(paid)}
        above = self.recruiters[seller]
        if self.has_second_level and above is not None and above not in self.paused and above != member:
            rates[above] = [self.rates[above][1]] * len(paid)
        order = Sold(list(paid), rates)
        self.orders.append(order)
        for each in rates:
            self.orders_of[each].append(order)
        return True

    def balances(self, seller: int) -> dict[str, int]:
        found = {"frozen": 0, "settled": 0, "available": 0, "reserved": 0, "paid": 0}
        for order in self.orders_of[seller]:
            where = {"released": "available"}.get(order.stage, order.stage)
            found[where] += order.worth(seller)
        for fen, state in self.withdrawn[seller]:
            if state != "back":
                found["available"] -= int(str(fen))
                found[str(state)] += int(str(fen))
        return {name: fen for name, fen in found.items() if fen}
