"""The ledger once more, in plain Python and the slow way: instant by instant, lot by lot, without a database.

The random sequences of `test_random.py` hold the real one against this. It knows nothing of the code under test.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Refused(Exception):
    pass


@dataclass
class Lot:
    number: int
    owner: int
    amount: int
    left: int
    matures: datetime | None
    expires: datetime | None
    mature: bool = False
    held: int = 0
    idle_months: int = 0
    root: "Lot | None" = None
    grace: datetime | None = None

    @property
    def free(self) -> int:
        return self.left - self.held

    @property
    def line(self) -> "Lot":
        return self.root or self


@dataclass
class Held:
    owner: int
    shares: list[tuple[Lot, int]]
    is_open: bool = True


@dataclass
class Spent:
    owner: int
    shares: list[list]


@dataclass
class Earned:
    owner: int
    lot: Lot
    left: int


@dataclass
class Reference:
    members: list[int]
    now: datetime
    grace_days: int = 0
    lots: list[Lot] = field(default_factory=list)
    debts: dict[int, int] = field(default_factory=dict)

    def balance(self, member: int) -> tuple[int, int, int, int]:
        mine = [lot for lot in self.lots if lot.owner == member]
        return (
            sum(lot.free for lot in mine if lot.mature),
            sum(lot.left for lot in mine if not lot.mature),
            sum(lot.held for lot in mine),
            self.debts.get(member, 0),
        )

    def advance(self, now: datetime) -> None:
        """Everything that happens up to `now`, in the order in which it happens."""
        while True:
            events = [(lot.matures, 0, lot.number, lot) for lot in self.lots if self._ripens(lot, now)]
            events += [(lot.expires, 1, lot.number, lot) for lot in self.lots if self._dies(lot, now)]
            if not events:
                break
            _at, is_death, _number, lot = min(events, key=lambda event: event[:3])
            if is_death:
                lot.left = lot.held
            else:
                lot.mature = True
                self._repay(lot, lot.left)
        self.now = now

    def _ripens(self, lot: Lot, now: datetime) -> bool:
        if lot.mature or not lot.left or lot.matures is None or lot.matures > now:
            return False
        return lot.expires is None or lot.matures < lot.expires

    def _dies(self, lot: Lot, now: datetime) -> bool:
        return lot.free > 0 and lot.expires is not None and lot.expires <= now

    def _repay(self, lot: Lot, points: int) -> None:
        """Points that have just become free in a lot go into a debt first."""
        repaid = min(points, self.debts.get(lot.owner, 0))
        lot.left -= repaid
        self.debts[lot.owner] = self.debts.get(lot.owner, 0) - repaid

    def _new_lot(self, owner: int, points: int, **more) -> Lot:
        lot = Lot(len(self.lots), owner, points, points, **more)
        self.lots.append(lot)
        return lot

    def _active(self, member: int) -> None:
        today = self.now.astimezone(SHANGHAI).date()
        for lot in self.lots:
            if lot.owner == member and lot.idle_months and lot.left and lot.expires > self.now:
                lot.expires = self.idle_end(today, lot.idle_months)

    @staticmethod
    def idle_end(today, months: int) -> datetime:
        year, month = today.year + (today.month - 1 + months) // 12, (today.month - 1 + months) % 12 + 1
        day = today.day
        while True:
            try:
                last = today.replace(year=year, month=month, day=day)
                break
            except ValueError:
                day -= 1
        return datetime.combine(last + timedelta(days=1), datetime.min.time(), SHANGHAI)

    def grant(self, member: int, points: int, *, matures, expires, idle_months: int = 0) -> Earned:
        mature = matures is not None and matures <= self.now
        lot = self._new_lot(member, points, matures=matures, expires=expires, mature=mature, idle_months=idle_months)
        if mature:
            self._repay(lot, points)
        self._active(member)
        self.advance(self.now)
        return Earned(member, lot, points)

    def grant_until_idle(self, member: int, points: int, *, months: int) -> Earned:
        expires = self.idle_end(self.now.astimezone(SHANGHAI).date(), months)
        return self.grant(member, points, matures=self.now, expires=expires, idle_months=months)

    def set_maturity(self, earned: Earned, matures: datetime) -> None:
        if not earned.lot.mature:
            earned.lot.matures = matures
        self.advance(self.now)

    def _pick(self, member: int, points: int, *, besides: Lot | None = None) -> list[tuple[Lot, int]]:
        never = datetime.max.replace(tzinfo=SHANGHAI)
        mine = [lot for lot in self.lots if lot.owner == member and lot.mature and lot.free and lot is not besides]
        picked = []
        for lot in sorted(mine, key=lambda lot: (lot.expires or never, lot.number)):
            share = min(points, lot.free)
            points -= share
            if share:
                picked.append((lot, share))
        return picked

    def _take(self, member: int, points: int) -> list[tuple[Lot, int]]:
        if self.balance(member)[0] < points:
            raise Refused
        return self._pick(member, points)

    def spend(self, member: int, points: int) -> Spent:
        shares = self._take(member, points)
        for lot, share in shares:
            lot.left -= share
        self._active(member)
        return Spent(member, [list(pair) for pair in shares])

    def take_away(self, member: int, points: int) -> None:
        for lot, share in self._take(member, points):
            lot.left -= share

    def hold(self, member: int, points: int) -> Held:
        shares = self._take(member, points)
        for lot, share in shares:
            lot.held += share
        self._active(member)
        return Held(member, shares)

    def _end(self, held: Held) -> None:
        if not held.is_open:
            raise Refused
        held.is_open = False
        for lot, share in held.shares:
            lot.held -= share
            lot.left -= share

    def capture(self, held: Held) -> Spent:
        self._end(held)
        self._active(held.owner)
        return Spent(held.owner, [list(pair) for pair in held.shares])

    def release(self, held: Held) -> None:
        self._end(held)
        for lot, share in held.shares:
            self._come_back(lot, share)

    def reverse(self, spent: Spent, points: int) -> None:
        if sum(share for _lot, share in spent.shares) < points:
            raise Refused
        for pair in reversed(spent.shares):
            back = min(points, pair[1])
            points -= back
            pair[1] -= back
            if back:
                self._come_back(pair[0], back)

    def _come_back(self, lot: Lot, points: int) -> None:
        if lot.expires is None or lot.expires > self.now:
            lot.left += points
            self._repay(lot, points)
            return
        if lot.line.grace is None and self.grace_days:
            last = self.now.astimezone(SHANGHAI).date() + timedelta(days=self.grace_days + 1)
            lot.line.grace = datetime.combine(last, datetime.min.time(), SHANGHAI)
        if lot.line.grace is not None and lot.line.grace > self.now:
            child = self._new_lot(lot.owner, points, matures=None, expires=lot.line.grace, mature=True, root=lot.line)
            self._repay(child, points)

    def claw_back(self, earned: Earned, points: int) -> None:
        if points > earned.left:
            raise Refused
        earned.left -= points
        own = min(points, earned.lot.free)
        earned.lot.left -= own
        missing = points - own
        for lot, share in self._pick(earned.owner, missing, besides=earned.lot):
            lot.left -= share
            missing -= share
        self.debts[earned.owner] = self.debts.get(earned.owner, 0) + missing

    def transfer(self, held: Held, to: int) -> None:
        self._end(held)
        self._active(held.owner)
        for lot, share in held.shares:
            child = self._new_lot(
                to, share, matures=None, expires=lot.expires, mature=True, idle_months=lot.idle_months, root=lot.line
            )
            if child.expires is not None and child.expires <= self.now:
                child.left = 0
            else:
                self._repay(child, share)

    def give(self, member: int, points: int) -> None:
        lot = self._new_lot(member, points, matures=None, expires=None, mature=True)
        self._repay(lot, points)
