"""Who holds which tier: pure, and the only place where that is decided.

Live earning, the nightly job and the preview of new rules all call `evaluate`. What it says follows from the rules, the
ledger and the calendar, never from the moment at which it happens to be asked: a night that comes late, or twice, ends
in the same tiers.

- Growth counts in a window of days: all time, the last N months through today, or the calendar year.
- Whoever reaches a tier's threshold holds it at once, until its validity ends.
- At the end, growth of the window that ends there, and of the days of grace after it, must reach the tier's retention
  threshold. If it does the tier is held for another period; if not, after the days of grace, the member falls.
- A refund takes growth out of the days in which it was earned. Where the rules say so, a tier that was won with growth
  that is gone is lost at once.
- A tier set by hand stands beside the earned one until its last day: the higher of the two is held, or, where it
  `caps`, the one set by hand.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from members.tiers.calendar import DAY, months_after, months_before, new_year


class Window(StrEnum):
    LIFETIME = "lifetime"
    ROLLING = "rolling"
    CALENDAR_YEAR = "calendar_year"


class Downgrade(StrEnum):
    ONE_STEP = "one_step"
    REEVALUATED = "reevaluated"


class Reason(StrEnum):
    UPGRADE = "upgrade"
    EXPIRY = "expiry"
    REFUND = "refund"
    RULES = "rules"
    MANUAL = "manual"
    MANUAL_ENDED = "manual_ended"
    MERGER = "merger"


@dataclass(frozen=True, slots=True)
class Step:
    """What a tier asks for."""

    tier_id: int
    threshold: int
    retention: int


@dataclass(frozen=True)
class Rules:
    """One version of the merchant's rules. `ladder` ascends by threshold and starts at 0."""

    version: int
    window: Window
    months: int
    validity_months: int
    grace_days: int
    downgrade: Downgrade
    refund_downgrades: bool
    reassess: bool
    ladder: tuple[Step, ...]

    @property
    def base(self) -> Step:
        return self.ladder[0]

    def rank(self, tier_id: int | None) -> int:
        """Place in the ladder from below, -1 for a tier that is not in it."""
        return self._ranks.get(tier_id, -1)

    @cached_property
    def _ranks(self) -> dict[int | None, int]:
        return {step.tier_id: rank for rank, step in enumerate(self.ladder)}

    def reached(self, growth: int) -> Step:
        """The highest tier whose threshold `growth` reaches; the lowest of all when it reaches none."""
        return next((step for step in reversed(self.ladder) if growth >= step.threshold), self.base)

    def window_first(self, day: date) -> date | None:
        """The first day of the window whose last day is `day`; None for all time."""
        if self.window == Window.LIFETIME:
            return None
        if self.window == Window.CALENDAR_YEAR:
            return new_year(day.year)
        return months_before(day, self.months) + DAY

    def kept_first(self, ended_on: date) -> date | None:
        """The first day whose growth counts for keeping a tier whose period ended on `ended_on`.

        Rolling, it is that of the window on the day itself, so that what has won a tier for as many months as growth
        counts does not keep it too.
        """
        return self.window_first(ended_on - DAY if self.window == Window.CALENDAR_YEAR else ended_on)

    def leaves_window_on(self, earned_on: date) -> date | None:
        """The first day whose window does not hold what was earned on `earned_on`."""
        if self.window == Window.LIFETIME:
            return None
        if self.window == Window.CALENDAR_YEAR:
            return new_year(earned_on.year + 1)
        return months_after(earned_on, self.months)

    def valid_until(self, reached_on: date) -> date | None:
        """The first day on which a tier reached on `reached_on` is no longer valid."""
        if self.window == Window.LIFETIME:
            return None
        if self.window == Window.CALENDAR_YEAR:
            return new_year(reached_on.year + 2)
        return months_after(reached_on, self.validity_months)

    def grace_end(self, ended_on: date) -> date:
        return ended_on + self.grace_days * DAY

    def renewed(self, ended_on: date) -> date | None:
        """The end of the period after the one that ended on `ended_on`."""
        if self.window == Window.CALENDAR_YEAR:
            return new_year(ended_on.year + 1)
        return self.valid_until(ended_on)


# What there is of every member is a Struct: a night makes a million of them.
class Manual(Struct, frozen=True, gc=False):
    """A tier set by hand; `until` is the first day without it, None for no end."""

    tier_id: int
    caps: bool
    until: date | None


class Standing(Struct, frozen=True, gc=False):
    """Where a member stands.

    The earned tier holds until `valid_until` and rests on growth since `qualified_from` (None: of all time) that has
    to be at least `qualified_growth`.
    """

    version: int
    tier_id: int
    earned_tier_id: int
    growth: int = 0
    valid_until: date | None = None
    qualified_from: date | None = None
    qualified_growth: int = 0
    manual: Manual | None = None
    due_on: date | None = None


class Question(Struct, frozen=True, gc=False):
    """The days of the ledger that an evaluation has to know, as half-open intervals ending tomorrow or at `kept_after`.

    None as a beginning means all time; `kept_after` None means that no period has ended.
    """

    window_first: date | None
    kept_first: date | None
    kept_after: date | None
    qualified_from: date | None


class Growth(Struct, frozen=True, gc=False):
    """The ledger's answer: sums over the asked days; `first_day` is the window's first day with growth."""

    in_window: int = 0
    first_day: date | None = None
    kept: int = 0
    since_qualified: int = 0


def newcomer(rules: Rules) -> Standing:
    return Standing(version=rules.version, tier_id=rules.base.tier_id, earned_tier_id=rules.base.tier_id)


def ask(rules: Rules, current: Standing, today: date) -> Question:
    """What to ask the ledger before `evaluate`."""
    ended = current.valid_until
    if ended is None or ended > today:
        kept_first, kept_after = None, None
    else:
        kept_first = rules.kept_first(ended)
        kept_after = min(today, rules.grace_end(ended) - DAY) + DAY
    window_first = rules.window_first(today)
    qualified_from = current.qualified_from if current.qualified_growth else window_first
    return Question(window_first, kept_first, kept_after, qualified_from)


def evaluate(rules: Rules, growth: Growth, current: Standing, today: date) -> tuple[Standing, Reason | None]:
    """Where the member stands on `today`, and why the tier is another one, or None when it is the same.

    A result whose `due_on` is not after `today` has more periods to catch up with: ask and evaluate again.
    """
    earned, reason = _adopt(rules, growth, current, today), Reason.RULES
    if earned.earned_tier_id == current.earned_tier_id:
        earned, reason = _end_period(rules, growth, earned, today), Reason.EXPIRY
    if earned == replace(current, version=rules.version) and growth.since_qualified < current.qualified_growth:
        earned, reason = _give_back(rules, growth, earned), Reason.REFUND
    reached = rules.reached(growth.in_window)
    if reached.threshold > _step(rules, earned).threshold:
        reason = Reason.UPGRADE if current.version == rules.version else Reason.RULES
        earned = _hold(rules, earned, reached, today)
    manual = current.manual if current.manual and _runs(rules, current.manual, today) else None
    if current.manual and not manual:
        reason = Reason.MANUAL_ENDED
    after = replace(earned, manual=manual, tier_id=_held(rules, earned.earned_tier_id, manual), growth=growth.in_window)
    waits = earned.valid_until == current.valid_until
    after = replace(after, due_on=_due_on(rules, growth, after, today, waits=waits))
    return after, reason if after.tier_id != current.tier_id else None


def set_by_hand(rules: Rules, growth: Growth, current: Standing, manual: Manual | None, today: date) -> Standing:
    """`current`, as just evaluated, with a tier set by hand, or with none; what was earned stays."""
    after = replace(current, manual=manual, tier_id=_held(rules, current.earned_tier_id, manual))
    return replace(after, due_on=_due_on(rules, growth, after, today, waits=True))


def join(rules: Rules, standing: Standing, other: Standing) -> Standing:
    """Two members turn out to be one: the higher earned tier is held on; `standing` decides what was set by hand.

    Both as just evaluated; growth and the day of the next evaluation are those of `standing` still.
    """
    higher = max(standing, other, key=lambda each: rules.rank(each.earned_tier_id))
    manual = standing.manual or other.manual
    return replace(
        standing,
        earned_tier_id=higher.earned_tier_id,
        valid_until=higher.valid_until,
        qualified_from=higher.qualified_from,
        qualified_growth=higher.qualified_growth,
        manual=manual,
        tier_id=_held(rules, higher.earned_tier_id, manual),
    )


def _adopt(rules: Rules, growth: Growth, current: Standing, today: date) -> Standing:
    """Go over to these rules from an earlier version."""
    if current.version == rules.version:
        return current
    adopted = replace(current, version=rules.version)
    if rules.reassess or rules.rank(current.earned_tier_id) < 0:
        return _hold(rules, adopted, rules.reached(growth.in_window), today)
    if rules.window == Window.LIFETIME or current.earned_tier_id == rules.base.tier_id:
        return replace(adopted, valid_until=None)
    return replace(adopted, valid_until=current.valid_until or rules.valid_until(today))


def _end_period(rules: Rules, growth: Growth, current: Standing, today: date) -> Standing:
    """Keep or lose the tier whose period has ended; while days of grace are left it is not lost."""
    ended = current.valid_until
    if ended is None or ended > today:
        return current
    step = _step(rules, current)
    if growth.kept >= step.retention:
        return replace(
            current,
            valid_until=rules.renewed(ended),
            qualified_from=rules.kept_first(ended),
            qualified_growth=step.retention,
        )
    if today < rules.grace_end(ended):
        return current
    lower = _lower(rules, current, growth.kept)
    return replace(
        current,
        earned_tier_id=lower.tier_id,
        valid_until=None if lower is rules.base else rules.renewed(ended),
        qualified_from=rules.kept_first(ended),
        # One step down is a favour: nothing has to be shown for it until its period ends.
        qualified_growth=min(lower.threshold, max(growth.kept, 0)),
    )


def _give_back(rules: Rules, growth: Growth, current: Standing) -> Standing:
    """Lose a tier that rests on growth which was taken back since."""
    if not rules.refund_downgrades or current.earned_tier_id == rules.base.tier_id:
        return current
    lower = _lower(rules, current, growth.since_qualified)
    return replace(
        current,
        earned_tier_id=lower.tier_id,
        valid_until=None if lower is rules.base else current.valid_until,
        qualified_growth=min(lower.threshold, max(growth.since_qualified, 0)),
    )


def _lower(rules: Rules, current: Standing, growth: int) -> Step:
    """Where a member who loses the tier falls to."""
    rank = rules.rank(current.earned_tier_id)
    if rules.downgrade == Downgrade.ONE_STEP:
        return rules.ladder[max(rank - 1, 0)]
    return min(rules.reached(growth), rules.ladder[max(rank - 1, 0)], key=lambda step: step.threshold)


def _hold(rules: Rules, current: Standing, step: Step, today: date) -> Standing:
    """Begin to hold a tier today by the growth in the window."""
    return replace(
        current,
        earned_tier_id=step.tier_id,
        valid_until=None if step is rules.base else rules.valid_until(today),
        qualified_from=rules.window_first(today),
        qualified_growth=step.threshold,
    )


def _held(rules: Rules, earned_tier_id: int, manual: Manual | None) -> int:
    if manual is None or (not manual.caps and rules.rank(earned_tier_id) > rules.rank(manual.tier_id)):
        return earned_tier_id
    return manual.tier_id


def _runs(rules: Rules, manual: Manual, today: date) -> bool:
    return rules.rank(manual.tier_id) >= 0 and (manual.until is None or today < manual.until)


def _step(rules: Rules, standing: Standing) -> Step:
    return rules.ladder[rules.rank(standing.earned_tier_id)]


def _due_on(rules: Rules, growth: Growth, standing: Standing, today: date, *, waits: bool) -> date | None:
    """The first day on which time alone may change this standing. `waits`: an ended period is in its days of grace."""
    ends = standing.valid_until
    if ends is not None and ends <= today and waits:
        ends = rules.grace_end(ends)
    days = [
        ends,
        standing.manual.until if standing.manual else None,
        rules.leaves_window_on(growth.first_day) if growth.first_day else None,
    ]
    return min((day for day in days if day is not None), default=None)
