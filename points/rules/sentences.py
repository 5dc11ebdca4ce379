"""Rules in plain words, in the reader's language: what the merchant sees while writing one, and members in the guide.

A sentence goes through who, when, where and what for to how much, how often and until when.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from points.rules.events import kind_of
from points.rules.naming import Names
from points.rules.spec import (
    WHOLE_BP,
    ByStreak,
    ByTier,
    Channels,
    Combine,
    Condition,
    Days,
    FirstOrder,
    Fixed,
    Goods,
    Holidays,
    Limit,
    MemberDay,
    MinimumSpend,
    Multiplier,
    PerAmount,
    Period,
    RuleSpec,
    Scope,
    Segments,
    Tiers,
    Unit,
    Weekdays,
)
from shop.core.money import yuan


def sentence(spec: RuleSpec, names: Names, *, for_staff: bool = True) -> str:
    """The whole rule; how it gets on with other rules is for staff only."""
    parts = [*_before(spec, names), _gives(spec, names), *_after(spec, names, for_staff=for_staff)]
    text = pgettext("between parts of a sentence", ", ").join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def shown_points(points: int) -> str:
    return ngettext("{points} point", "{points} points", points).format(points=f"{points:,}")


def shown_amount(fen: int) -> str:
    return yuan(fen).removesuffix(".00")


def shown_times(bp: int) -> str:
    """`12500` → `1.25`"""
    return f"{bp / WHOLE_BP:.4f}".rstrip("0").rstrip(".")


def _before(spec: RuleSpec, names: Names) -> Iterator[str]:
    if spec.event != "order":
        yield str(kind_of(spec.event).label)
    for kind in (Tiers, Segments, FirstOrder, Days, Weekdays, MemberDay, Holidays, Channels):
        for condition in spec.conditions:
            if isinstance(condition, kind):
                yield _condition(condition, names)


def _condition(condition: Condition, names: Names) -> str:
    match condition:
        case Tiers(codes=codes):
            return _("{names} members").format(names=_some(names.tiers.get(code) for code in codes))
        case Segments(ids=ids):
            return _("members of {names}").format(names=_some(names.segments.get(pk) for pk in ids))
        case FirstOrder():
            return _("first order")
        case Days(first=first, last=last):
            return _range(first, last, names.today)
        case Weekdays(days=days):
            return _list(_weekdays()[day - 1] for day in sorted(days))
        case MemberDay():
            return _("member day (day {day} of each month)").format(day=names.member_day)
        case Holidays(ids=ids):
            return _some(names.holidays.get(pk) for pk in ids) if ids else _("holidays")
        case Channels(names=channels):
            return _("by {names}").format(names=_list(names.channels.get(each, each) for each in channels))
    return ""


def _gives(spec: RuleSpec, names: Names) -> str:
    """The goods and what they give, as one part."""
    about = _list(_goods(each, names) for each in sorted(spec.goods, key=lambda each: each.excluded))
    for condition in spec.conditions:
        if isinstance(condition, MinimumSpend):
            least = _("{amount} or more").format(amount=shown_amount(condition.fen))
            about = _("{goods} for {least}").format(goods=about, least=least) if about else least
    effect = _effect(spec, names)
    return _("{goods}: {effect}").format(goods=about, effect=effect) if about else effect


def _goods(goods: Goods, names: Names) -> str:
    kinds = []
    if goods.category_ids:
        kinds.append(_("{names} goods").format(names=_some(names.categories.get(pk) for pk in goods.category_ids)))
    if goods.brand_ids:
        kinds.append(_("goods of {names}").format(names=_some(names.brands.get(pk) for pk in goods.brand_ids)))
    if goods.product_ids:
        kinds.append(_some(names.products.get(pk) for pk in goods.product_ids))
    return _("all but {goods}").format(goods=_list(kinds)) if goods.excluded else _list(kinds)


def _effect(spec: RuleSpec, names: Names) -> str:
    match spec.effect:
        case Fixed(points=points):
            return pgettext("what a rule gives", "{points}").format(points=shown_points(points))
        case PerAmount(points=points, per_fen=per_fen):
            return _("{points} per {amount}").format(points=shown_points(points), amount=shown_amount(per_fen))
        case Multiplier(bp=bp):
            if bp == 2 * WHOLE_BP:
                return _("double points")
            return _("{times} times the points").format(times=shown_times(bp))
        case ByStreak(steps=steps, repeats=repeats):
            days = _list(_("day {day} {points}").format(day=day, points=shown_points(some)) for day, some in steps)
            text = _("in a row: {days}").format(days=days)
            return _("{text}, then from the start").format(text=text) if repeats else text
        case ByTier(points=table):
            some_each = _list(f"{names.tiers.get(code) or _gone()} {shown_points(some)}" for code, some in table)
            return pgettext("what a rule gives", "{points}").format(points=some_each)


def _after(spec: RuleSpec, names: Names, *, for_staff: bool) -> Iterator[str]:
    if spec.tier_multiplier:
        yield _("times the multiplier of the tier")
    for limit in spec.limits:
        yield _limit(limit)
    if spec.first_day or spec.last_day:
        yield _range(spec.first_day, spec.last_day, names.today)
    if not for_staff:
        return
    if spec.combine == Combine.EXCLUSIVE:
        yield _("nothing else of its kind beside it")
    elif spec.group and spec.combine == Combine.BEST:
        yield _("only if it is the best of “{group}”").format(group=spec.group)
    elif spec.group and spec.combine == Combine.FIRST:
        yield _("only if it is the first of “{group}”").format(group=spec.group)


def shown_limit(scope: str, period: str, unit: str, amount: int) -> str:
    return _limit(Limit(Scope(scope), Period(period), amount, Unit(unit)))


def _limit(limit: Limit) -> str:
    most = shown_points(limit.amount)
    if limit.unit == Unit.TIMES:
        most = ngettext("{count} time", "{count} times", limit.amount).format(count=limit.amount)
    texts = {
        (Scope.MEMBER, Period.ORDER): _("at most {most} each time"),
        (Scope.MEMBER, Period.DAY): _("at most {most} a day"),
        (Scope.MEMBER, Period.WEEK): _("at most {most} a week"),
        (Scope.MEMBER, Period.MONTH): _("at most {most} a month"),
        (Scope.MEMBER, Period.CAMPAIGN): _("at most {most} in all"),
        (Scope.EVERYBODY, Period.ORDER): _("at most {most} each time"),
        (Scope.EVERYBODY, Period.DAY): _("all members together at most {most} a day"),
        (Scope.EVERYBODY, Period.WEEK): _("all members together at most {most} a week"),
        (Scope.EVERYBODY, Period.MONTH): _("all members together at most {most} a month"),
        (Scope.EVERYBODY, Period.CAMPAIGN): _("all members together at most {most} in all"),
    }
    return texts[limit.scope, limit.period].format(most=most)


def _range(first: date | None, last: date | None, today: date) -> str:
    if first and last:
        return _("from {first} to {last}").format(first=shown_day(first, today), last=shown_day(last, today))
    if first:
        return _("from {first}").format(first=shown_day(first, today))
    return _("until {last}").format(last=shown_day(last, today)) if last else ""


def shown_day(day: date, today: date) -> str:
    """With its year, unless that is this year."""
    if day.year == today.year:
        return date_format(day, pgettext("date format", "j F"))
    return date_format(day, pgettext("date format", "j F Y"))


def _weekdays() -> tuple[str, ...]:
    return (
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
        _("Sundays"),
    )


def _some(names: Iterable[str | None]) -> str:
    return _list(name or _gone() for name in names)


def _gone() -> str:
    return _("(deleted)")


def _list(texts: Iterable[str]) -> str:
    return pgettext("between things of a list", ", ").join(texts)
