"""Which fields of a plan mean something, while it is filled in and when it is looked at."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from analytics.outreach.models import Every, Page, Plan, Whom
from promotions.campaigns.admin.looking import readable


class When(NamedTuple):
    """For the form, where Alpine asks it, and for a plan as it is."""

    expression: str
    holds: Callable[[Plan], bool]


_BY_CALENDAR = When(
    "every === 'day' || every === 'week' || every === 'month'",
    lambda plan: plan.every in (Every.DAY, Every.WEEK, Every.MONTH),
)
_SPEAKS = When("speaks", lambda plan: plan.speaks)
CONDITIONS: Mapping[str, When] = {
    "idle_hours": When("whom === 'carts'", lambda plan: plan.whom == Whom.CARTS),
    "within_days": When(
        "whom === 'carts' || whom === 'expiring'", lambda plan: plan.whom in (Whom.CARTS, Whom.EXPIRING)
    ),
    "title": _SPEAKS,
    "text": _SPEAKS,
    "page": _SPEAKS,
    "product": When("speaks && page === 'product'", lambda plan: plan.speaks and plan.page == Page.PRODUCT),
    "collection": When("speaks && page === 'collection'", lambda plan: plan.speaks and plan.page == Page.COLLECTION),
    "hour": _BY_CALENDAR,
    "weekday": When("every === 'week'", lambda plan: plan.every == Every.WEEK),
    "month_day": When("every === 'month'", lambda plan: plan.every == Every.MONTH),
}
FIELDSETS: list[tuple[Any, dict[str, Any]]] = [
    (_("The plan"), {"fields": [("name", "note")]}),
    (_("Whom"), {"fields": ["whom", ("segments", "without_segments"), "idle_hours", "within_days"]}),
    (
        _("What they get"),
        {"fields": [("coupon_template", "points"), "speaks", "title", "text", "page", "product", "collection"]},
    ),
    (_("When"), {"fields": ["every", "hour", "weekday", "month_day", "starts_at", "ends_at", "rest_days"]}),
    (
        _("How much, and how it is measured"),
        {"fields": [("control_bp", "window_days"), ("most_people", "most_points", "most_coupons")]},
    ),
]
_SEGMENTS = {("segments", "without_segments"): ("shown_segments", "shown_without")}
_WHO: tuple[Any, dict[str, Any]] = (
    _("Who"),
    {"fields": [("created_by", "submitted_by", "approved_by"), "end_reason"]},
)


def fieldsets_to_look_at(plan: Plan) -> list[Any]:
    """What means nothing for this plan is left out, and segments are shown by their names."""
    told = []
    for title, said in FIELDSETS:
        names = [_SEGMENTS.get(name, name) for name in said["fields"]]
        fields = [_shown(name) for name in names if name not in CONDITIONS or CONDITIONS[name].holds(plan)]
        told.append((title, {"fields": fields}))
    return [*told, _WHO]


def _shown(name: Any) -> Any:
    """Shares in percent. Under another name where the form has a condition, which asks for the form's own values."""
    if name in CONDITIONS:
        return _told(name)
    [(_title, said)] = readable([(None, {"fields": [name]})], Plan)
    return said["fields"][0]


@cache
def _told(name: str) -> Callable[[Plan], str]:
    def shown(plan: Plan) -> str:
        displayed = getattr(plan, f"get_{name}_display", None)
        value = displayed() if displayed else getattr(plan, name)
        return "–" if value in (None, "") else str(value)

    shown.__name__ = f"shown_{name}"
    field: Any = Plan._meta.get_field(name)
    shown.short_description = field.verbose_name  # type: ignore[attr-defined]
    return shown
