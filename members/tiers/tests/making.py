"""Rules, ledgers and members for tests of tiers."""

from datetime import UTC, date, datetime, timedelta

from members.tiers.engine import Downgrade, Growth, Rules, Standing, Step, Window, ask, evaluate, newcomer
from members.tiers.models import MemberTier, Tier, TierPolicy
from members.tiers.services import change_rules
from shop.core.actors import Actor

NORMAL, SILVER, GOLD, DIAMOND = 1, 2, 3, 4
LADDER = (Step(NORMAL, 0, 0), Step(SILVER, 1000, 800), Step(GOLD, 5000, 4000), Step(DIAMOND, 20000, 16000))
STAFF = Actor.staff("tester")


def rules(**changes) -> Rules:
    """Twelve months rolling, valid for twelve, thirty days of grace, unless told otherwise."""
    given = {
        "version": 1,
        "window": "rolling",
        "months": 12,
        "validity_months": 12,
        "grace_days": 30,
        "downgrade": "reevaluated",
        "refund_downgrades": True,
        "reassess": False,
        "ladder": LADDER,
        **changes,
    }
    given["window"], given["downgrade"] = Window(given["window"]), Downgrade(given["downgrade"])
    return Rules(**given)


class Ledger:
    """The small reference: a list of (day, growth) that is summed the plain way."""

    def __init__(self, *entries: tuple[date, int]) -> None:
        self.entries = list(entries)

    def between(self, first: date | None, after: date) -> list[tuple[date, int]]:
        return [(day, growth) for day, growth in self.entries if (first is None or first <= day) and day < after]

    def answer(self, rules: Rules, current: Standing, today: date) -> Growth:
        question, tomorrow = ask(rules, current, today), today + timedelta(days=1)
        window = self.between(question.window_first, tomorrow)
        kept = self.between(question.kept_first, question.kept_after) if question.kept_after else []
        since = self.between(question.qualified_from, tomorrow)
        return Growth(
            sum(growth for _, growth in window),
            min((day for day, _ in window), default=None),
            sum(growth for _, growth in kept),
            sum(growth for _, growth in since),
        )


def live(rules: Rules, ledger: Ledger, current: Standing | None, today: date) -> tuple[Standing, list[str]]:
    """Evaluate until nothing is due; returns the standing and the reasons of the moves."""
    standing, reasons = current or newcomer(rules), []
    for _ in range(100):
        standing, reason = evaluate(rules, ledger.answer(rules, standing, today), standing, today)
        reasons += [reason] if reason else []
        if standing.due_on is None or standing.due_on > today:
            return standing, reasons
    raise AssertionError("the evaluation does not end")


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant on a Shanghai day."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def tier(code: str) -> Tier:
    return Tier.objects.get(code=code)


def held(member) -> str:
    return MemberTier.objects.get(pk=member.pk).tier.code


def adopt(
    *, now: datetime | None = None, thresholds: dict[str, tuple[int, int]] | None = None, **changes
) -> TierPolicy:
    """Change the shop's rules; `thresholds` by code, those of a new shop where not told."""
    asked = thresholds or {
        "normal": (0, 0),
        "silver": (1000, 800),
        "gold": (5000, 4000),
        "diamond": (20000, 16000),
    }
    steps = [Step(tier(code).pk, *needs) for code, needs in asked.items()]
    return change_rules(policy=TierPolicy(**changes), ladder=steps, actor=STAFF, now=at(2026, 1, 1))
