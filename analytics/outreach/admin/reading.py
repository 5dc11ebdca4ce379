"""Previews and results in words, figures and a chart."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.outreach.choosing import Choice
from analytics.outreach.lift import Difference, Part, Verdict
from analytics.outreach.models import Plan
from analytics.outreach.results import Result
from members.identity.admin import link_to_member
from members.identity.models import Member
from points.ledger.preferences import POINTS_PER_YUAN
from promotions.coupons.services.granting import REFUSALS
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel, Panel
from shop.core.money import yuan

REASONS: Mapping[str, Any] = {
    "opt_out": gettext_lazy("Refuses messages of this kind"),
    "no_channel": gettext_lazy("No channel reaches them"),
    "recent": gettext_lazy("Chosen by this plan not long ago"),
    "cap": gettext_lazy("Reached by plans often enough lately"),
    "budget": gettext_lazy("Beyond the budget"),
    "no_longer": gettext_lazy("Meanwhile bought, left the audience, or not active"),
    "member_gone": gettext_lazy("Has left the shop"),
    "cancelled": gettext_lazy("The plan was stopped before their turn"),
    **{refusal.code: refusal.message for refusal in REFUSALS},
}
_MANY = 100


def shown_reason(code: str) -> str:
    return str(REASONS.get(code, code))


def reasons_table(counts: Mapping[str, int]) -> list[list[Any]]:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [[shown_reason(code), f"{count:,}"] for code, count in ordered]


def preview_panels(plan: Plan, choice: Choice) -> list[Panel]:
    """Whom it would reach now, what that can cost at most, and who is left out and why."""
    panels: list[Panel] = [FiguresPanel(_("If it ran now"), _preview_figures(plan, choice))]
    rows = reasons_table(choice.left_out)
    if rows:
        panels.append(ListPanel(_("Left out"), [_("why"), _("members")], rows))
    found = Member.objects.in_bulk(choice.sample)
    names = [[link_to_member(found[pk])] for pk in choice.sample if pk in found]
    if names:
        panels.append(ListPanel(_("Some of those who would be reached"), [_("member")], names))
    return panels


def _preview_figures(plan: Plan, choice: Choice) -> list[Figure]:
    held = _("{share} percent get nothing, so that the difference can be seen").format(
        share=f"{plan.control_bp / 100:g}"
    )
    figures = [
        Figure(_("Would be reached"), f"{choice.treated:,}", _("of {count} meant").format(count=choice.everybody)),
        Figure(_("Control group"), f"{choice.control:,}", held if plan.control_bp else _("There is none.")),
    ]
    if plan.points:
        points = plan.points * choice.treated
        worth = yuan(points * _MANY // POINTS_PER_YUAN.value())
        figures.append(Figure(_("Points at most"), f"{points:,}", _("worth {amount}").format(amount=worth)))
    if plan.coupon_template:
        each = plan.coupon_template.most_cost_fen
        most = _("without limit") if each is None else yuan(each * choice.treated)
        note = _("{count} coupons, if all are used").format(count=choice.treated)
        figures.append(Figure(_("Coupons at most"), most, note))
    return figures


def sentence_of(result: Result) -> str:
    """What the figures say, in plain words."""
    treated, control, found = result.treated, result.control, result.bought
    if result.verdict == Verdict.NO_CONTROL:
        return _("Without a control group nobody can tell what the plan has changed.")
    if result.verdict == Verdict.TOO_FEW or found is None:
        return _("Too few to tell: {treated} members reached, {control} held out, {buyers} of them all bought.").format(
            treated=treated.people, control=control.people, buyers=treated.buyers + control.buyers
        )
    more = {"value": _in_a_hundred(found.value), "low": _in_a_hundred(found.low), "high": _in_a_hundred(found.high)}
    if result.verdict == Verdict.UNCLEAR:
        return _(
            "No difference that could not be chance: of 100 members {value} more bought, and anything from {low} to"
            " {high} fits."
        ).format(**more)
    if result.verdict == Verdict.MORE:
        return _(
            "It works: of 100 members {value} more bought because of it; with 95 percent confidence {low} to {high}."
        ).format(**more)
    fewer = Difference(-found.value, -found.high, -found.low)
    return _("It harms: of 100 members {value} fewer bought; with 95 percent confidence {low} to {high}.").format(
        value=_in_a_hundred(fewer.value), low=_in_a_hundred(fewer.low), high=_in_a_hundred(fewer.high)
    )


def result_panels(plan: Plan, result: Result) -> list[Panel]:
    panels: list[Panel] = [
        FiguresPanel(_("What came of it"), _what_came(result)),
        ListPanel(
            _("Beside the control group, within {days} days").format(days=plan.window_days),
            ["", _("Reached"), _("Control group"), _("difference"), _("with 95 percent confidence")],
            _comparison(result),
        ),
    ]
    if result.treated.people:
        panels.append(_chart(plan, result))
    return panels


def _what_came(result: Result) -> list[Figure]:
    seen, cost = result.seen, result.cost
    used = _("{used} of {given} coupons used, {points} points").format(
        used=cost.coupons_used, given=cost.coupons_given, points=f"{cost.points:,}"
    )
    return [
        Figure(_("Reached"), f"{seen.reached:,}"),
        Figure(_("Delivered"), f"{seen.delivered:,}", _of(seen.delivered, seen.reached)),
        Figure(_("Opened"), f"{seen.opened:,}", _of(seen.opened, seen.delivered)),
        Figure(_("Came by it"), f"{seen.clicked:,}", _of(seen.clicked, seen.delivered)),
        Figure(_("Cost"), yuan(cost.total_fen), used),
        Figure(_("Days not over"), f"{result.open_windows:,}", _("members whose purchases still count")),
    ]


def _comparison(result: Result) -> list[list[str]]:
    treated, control = result.treated, result.control
    bought, paid = result.bought, result.paid
    return [
        [_("members"), f"{treated.people:,}", f"{control.people:,}", "", ""],
        [_("bought"), _share(treated), _share(control), *_points(bought)],
        [_("orders"), f"{treated.orders:,}", f"{control.orders:,}", "", ""],
        [_("net paid"), yuan(treated.net_fen), yuan(control.net_fen), "", ""],
        [_("net paid per member"), yuan(round(treated.mean_fen)), yuan(round(control.mean_fen)), *_money(paid)],
    ]


def _chart(plan: Plan, result: Result) -> ChartPanel:
    labels = [_("day {number}").format(number=day) for day in range(1, plan.window_days + 1)]
    series = {_("Reached"): _curve(result.by_day["treated"], result.treated)}
    if result.control.people:
        series[_("Control group")] = _curve(result.by_day["control"], result.control)
    return ChartPanel(_("Share who have bought, in percent"), "line", labels, series)


def _curve(buyers: Sequence[int], part: Part) -> list[float | None]:
    return [round(count / part.people * _MANY, 2) if part.people else None for count in buyers]


def _share(part: Part) -> str:
    return f"{part.buyers:,} · {part.share:.1%}"


def _of(some: int, whole: int) -> str:
    return f"{some / whole:.1%}" if whole else ""


def _points(found: Difference | None) -> list[str]:
    if found is None:
        return ["–", "–"]
    ends = _("{low} to {high} percentage points")
    said = ends.format(low=f"{found.low * _MANY:+.1f}", high=f"{found.high * _MANY:+.1f}")
    return [_("{value} percentage points").format(value=f"{found.value * _MANY:+.1f}"), said]


def _money(found: Difference | None) -> list[str]:
    if found is None:
        return ["–", "–"]
    return [_signed(found.value), f"{_signed(found.low)} … {_signed(found.high)}"]


def _signed(fen: float) -> str:
    return ("+" if fen >= 0 else "") + yuan(round(fen))


def _in_a_hundred(share: float) -> str:
    return f"{share * _MANY:.1f}"
