"""The calendar: all campaigns on one time line, by the goods they are about, and where they meet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from promotions.campaigns.conflicts import MEETING, Conflict, conflicts_between, window
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign, CampaignStatus
from promotions.campaigns.scopes import category_paths
from promotions.campaigns.services.switch import promotions_are_on, switch_promotions
from promotions.campaigns.soon import SOON, soon_at
from promotions.pricing.scopes import Scope
from shop.catalog.models import Category, Product, Sku
from shop.core import clock
from shop.core.clock import business_day, day_bounds
from shop.core.editing import ModelAdmin
from shop.core.screens import staff

DAYS = 42
SHOWN = 200
COLOURS = {
    CampaignStatus.DRAFT: "var(--color-base-300)",
    CampaignStatus.AWAITING_APPROVAL: "var(--color-primary-300)",
    CampaignStatus.SCHEDULED: "var(--color-primary-400)",
    CampaignStatus.RUNNING: "var(--color-primary-600)",
    CampaignStatus.PAUSED: "var(--color-base-400)",
    CampaignStatus.ENDED: "var(--color-base-200)",
}


@dataclass(frozen=True)
class Bar:
    """A campaign on the line; `left` and `width` are percent of it."""

    name: str
    kind: Any
    status: Any
    colour: str
    window: str
    url: str
    left: str
    width: str
    meets: bool


def calendar_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    now = clock.now()
    first = parse_date(request.GET.get("from", "")[:10]) if request.GET.get("from") else None
    first = first or business_day(now) - timedelta(days=7)
    start, end = day_bounds(first)[0], day_bounds(first + timedelta(days=DAYS))[0]
    soon = request.GET.get("soon", "")
    found = _campaigns(start, end, soon_at(soon, now=now))
    met = conflicts_between([each for each in found if each.status in MEETING])
    meeting = {(each.KIND, each.pk) for one, conflict in met for each in (one, conflict.other)}
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": _("Campaign calendar"),
        "groups": _groups(found, meeting, start, end, now),
        "weeks": [(f"{day:%m-%d}", _percent(7 * index / DAYS)) for index, day in enumerate(_weeks(first))],
        "today": _percent((now - start) / (end - start)) if start <= now < end else None,
        "conflicts": [_told(one, conflict) for one, conflict in met],
        "before": (first - timedelta(days=DAYS)).isoformat(),
        "after": (first + timedelta(days=DAYS)).isoformat(),
        "is_on": promotions_are_on(),
        "soon": SOON.get(soon, ""),
        "may_switch": model_admin.has_change_permission(request),
    }
    return TemplateResponse(request, "admin/promotions/calendar.html", context)


def switch_all(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    on = request.POST.get("on") == "1"
    switch_promotions(on=on, actor=staff(request), now=clock.now())
    messages.success(request, _("Promotions act again.") if on else _("All promotions are switched off."))
    return redirect("admin:campaigns_calendar")


def _campaigns(start: datetime, end: datetime, narrow: Q) -> list[Campaign]:
    inside = Q(starts_at__lt=end) & (Q(ends_at=None) | Q(ends_at__gt=start)) & narrow
    found: list[Campaign] = []
    for model in campaign_models():
        found += (
            model._default_manager.filter(inside).order_by("starts_at", "pk").prefetch_related(*model.PARTS)[:SHOWN]
        )
    return found


def _groups(
    found: Iterable[Campaign], meeting: set[tuple[str, int]], start: datetime, end: datetime, now: datetime
) -> list[dict[str, Any]]:
    """The campaigns by the goods that they are about: those about everything first."""
    paths = category_paths()
    scopes = [(each, each.reach(paths)) for each in found]
    names = _names(scope for _campaign, scope in scopes)
    groups: dict[str, list[Bar]] = {}
    for campaign, scope in sorted(scopes, key=lambda pair: (not pair[1].is_everything, pair[0].starts_at)):
        bar = _bar(campaign, (campaign.KIND, campaign.pk) in meeting, start, end, now)
        groups.setdefault(_goods(scope, names), []).append(bar)
    return [{"goods": goods, "bars": bars} for goods, bars in groups.items()]


def _bar(campaign: Campaign, meets: bool, start: datetime, end: datetime, now: datetime) -> Bar:
    status = campaign.status_at(now)
    last = end if campaign.ends_at is None else min(campaign.ends_at, end)
    begins = max(campaign.starts_at, start)
    return Bar(
        name=campaign.name,
        kind=campaign._meta.verbose_name,
        status=status.label,
        colour=COLOURS[status],
        window=window(campaign.starts_at, campaign.ends_at),
        url=_page_of(campaign),
        left=_percent((begins - start) / (end - start)),
        width=_percent(max((last - begins) / (end - start), 0.006)),
        meets=meets,
    )


def _told(one: Campaign, conflict: Conflict) -> dict[str, Any]:
    return {"name": one.name, "url": _page_of(one), "kind": one._meta.verbose_name, "sentence": conflict.sentence}


def _page_of(campaign: Campaign) -> str:
    meta = campaign._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[campaign.pk])
    except NoReverseMatch:
        return ""


def _names(scopes: Iterable[Scope]) -> Mapping[tuple[str, Any], str]:
    known = list(scopes)
    paths = {path for scope in known for path in scope.categories}
    products = {pk for scope in known for pk in scope.products}
    skus = {pk for scope in known for pk in scope.skus}
    names: dict[tuple[str, Any], str] = {}
    names |= {("c", row.path): row.name for row in Category.objects.filter(path__in=paths)}
    names |= {("p", pk): name for pk, name in Product.objects.filter(pk__in=products).values_list("pk", "name")}
    names |= {("s", pk): name for pk, name in Sku.objects.filter(pk__in=skus).values_list("pk", "product__name")}
    return names


def _goods(scope: Scope, names: Mapping[tuple[str, Any], str]) -> str:
    if scope.is_everything:
        return _("All goods")
    named: list[tuple[str, Any]] = [("c", each) for each in sorted(scope.categories)]
    named += [("p", each) for each in sorted(scope.products)] + [("s", each) for each in sorted(scope.skus)]
    words = list(dict.fromkeys(names[each] for each in named if each in names))
    more = f" +{len(words) - 3}" if len(words) > 3 else ""
    return "、".join(words[:3]) + more or "–"


def _weeks(first: date) -> Sequence[date]:
    return [first + timedelta(days=days) for days in range(0, DAYS, 7)]


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"
