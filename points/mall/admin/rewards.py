"""Zones and rewards: what is it, what does it cost, who may have it; then its codes, and live."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.decorators import action, display

from points.mall.admin.codes import CodePoolMixin
from points.mall.admin.statistics import statistics_page
from points.mall.forms import KindForm, RewardForm, ZoneForm
from points.mall.models import Reward, RewardPrice, Zone
from points.mall.services.publishing import pause_reward, publish_reward
from shop.core import clock
from shop.core.admin import PartInlineMixin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import YuanFormMixin
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404

STATUS_COLOURS = {"draft": "info", "live": "success", "paused": "warning"}


@admin.register(Zone)
class ZoneAdmin(SimpleHistoryAdmin, ModelAdmin):
    form = ZoneForm
    list_display = ["name", "theme", "shown_window", "shown_pool", "position", "is_active"]
    list_filter = ["theme", "is_active"]
    search_fields = ["name"]
    ordering = ["position", "pk"]
    fieldsets = [
        (None, {"fields": [("name", "theme"), "intro", ("position", "is_active")]}),
        (
            gettext_lazy("When"),
            {"fields": ["visible_from", "visible_until", "starts_at", "ends_at", "month_days", "weekdays"]},
        ),
        (gettext_lazy("How many"), {"fields": ["pool"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Zone | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.rewards.exists())

    @display(description=gettext_lazy("window"))
    def shown_window(self, zone: Zone) -> str:
        return _window(zone.starts_at, zone.ends_at)

    @display(description=gettext_lazy("taken"))
    def shown_pool(self, zone: Zone) -> str:
        return f"{zone.taken:,}" if zone.pool is None else f"{zone.taken:,} / {zone.pool:,}"


class RewardPriceInline(PartInlineMixin, YuanFormMixin, TabularInline):
    model = RewardPrice
    fields = ["tier", "points", "price_fen"]
    extra = 1
    hide_title = True
    verbose_name_plural = gettext_lazy("Prices of tiers: whoever has none pays the usual one")


@admin.register(Reward)
class RewardAdmin(CodePoolMixin, YuanFormMixin, SimpleHistoryAdmin, ModelAdmin):
    """A reward is changed while it is a draft or paused: what members see does not change under their hands."""

    form = RewardForm
    list_display = ["name", "kind", "shown_status", "zone", "shown_price", "shown_taken", "shown_window"]
    list_filter = ["status", "kind", "zone"]
    list_select_related = ["zone"]
    search_fields = ["name", "sku__code"]
    autocomplete_fields = ["sku", "zone"]
    ordering = ["position", "pk"]
    actions_list = ["statistics"]
    actions_detail = ["publish", "pause", "codes", "take_out"]

    def get_urls(self) -> list[Any]:
        kinds = self.admin_site.admin_view(self.kind_view)
        return [path("new/", kinds, name="mall_reward_kind"), *super().get_urls()]

    def kind_view(self, request: HttpRequest) -> HttpResponse:
        """The first step of a new reward."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = KindForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return redirect(f"{reverse('admin:mall_reward_add')}?kind={form.cleaned_data['kind']}")
        return form_page(self, request, form=form, title=_("New reward"), buttons=[("next", _("Go on"))])

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.GET.get("kind") not in Reward.Kind.values:
            return redirect("admin:mall_reward_kind")
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None and "kind" in form.base_fields:
            field = form.base_fields["kind"]
            field.initial, field.widget = request.GET.get("kind"), forms.HiddenInput()
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Reward | None = None) -> list[str]:
        """What it is stays; how many codes there are is counted."""
        if obj is None:
            return []
        seen = ["kind", "shown_status", "shown_taken"]
        return [*seen, "quota"] if obj.kind == Reward.Kind.CODE else seen

    def get_fieldsets(self, request: HttpRequest, obj: Reward | None = None) -> Any:
        kind = obj.kind if obj else request.GET.get("kind", Reward.Kind.GOODS)
        how_many: list[Any] = [("quota", "low_at"), ("limit_per_member",), ("limit_per_period", "period")]
        if kind == Reward.Kind.CODE and obj is None:
            how_many[0] = "low_at"
        what: list[Any] = [("kind", "shown_status", "shown_taken")] if obj else ["kind"]
        sections: list[Any] = [
            (None, {"fields": [*what, "name", "intro", "sku", ("zone", "position")]}),
            (gettext_lazy("What it costs"), {"fields": [("points", "price_fen")]}),
            (gettext_lazy("For whom"), {"fields": ["tiers", "segments"]}),
            (gettext_lazy("How many"), {"fields": how_many}),
            (gettext_lazy("When"), {"fields": ["visible_from", "visible_until", "starts_at", "ends_at"]}),
        ]
        if kind == Reward.Kind.GOODS:
            sections[1][1]["fields"].append("freight_is_free")
        if kind == Reward.Kind.SERVICE:
            booked = ["resource", "valid_days", ("reschedule_hours", "cancel_hours"), "no_show"]
            sections.insert(2, (gettext_lazy("Voucher and booking"), {"fields": booked}))
        return sections

    def get_inlines(self, request: HttpRequest, obj: Reward | None) -> list[Any]:
        kind = obj.kind if obj else request.GET.get("kind")
        others = [import_string(each) for each in settings.REWARD_INLINES] if kind == Reward.Kind.COUPON else []
        return [RewardPriceInline, *others]

    def has_change_permission(self, request: HttpRequest, obj: Reward | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status != Reward.Status.LIVE)

    def has_delete_permission(self, request: HttpRequest, obj: Reward | None = None) -> bool:
        """What was live once stays: redemptions name it."""
        never_live = obj is None or (obj.live_since is None and not obj.codes.exists())
        return super().has_delete_permission(request, obj) and never_live

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("mall.change_reward") and not _is(object_id, status=Reward.Status.LIVE)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("mall.change_reward") and _is(object_id, status=Reward.Status.LIVE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reward]:
        return super().get_queryset(request).annotate(left_now=F("quota") - F("taken"))

    @action(description=gettext_lazy("Go live"), url_path="publish", permissions=["publish"], icon="rocket_launch")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What members will see is shown once more."""
        reward = found_or_404(self, request, object_id)
        form = forms.Form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                publish_reward(reward_id=reward.pk, now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._done(request, reward, _("Live"))
        return form_page(
            self,
            request,
            form=form,
            title=f"{_('Go live')}: {reward}",
            buttons=[("publish", _("Go live"))],
            table=_promise(reward),
            table_title=str(reward),
        )

    @action(description=gettext_lazy("Pause"), url_path="pause", permissions=["pause"], icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        reward = found_or_404(self, request, object_id)
        if request.method == "POST":
            pause_reward(reward_id=reward.pk)
            return self._done(request, reward, _("Paused"))
        return form_page(
            self,
            request,
            form=forms.Form(),
            title=f"{_('Pause')}: {reward}",
            buttons=[("pause", _("Pause"))],
            table=_promise(reward),
            table_title=str(reward),
        )

    @action(description=gettext_lazy("Statistics"), url_path="statistics", permissions=["view"], icon="monitoring")
    def statistics(self, request: HttpRequest) -> HttpResponse:
        return statistics_page(self, request)

    def response_add(self, request: HttpRequest, obj: Reward, post_url_continue: str | None = None) -> HttpResponse:
        """The next step is on its own page: codes, or live."""
        messages.success(request, _("Saved as a draft. Look at it once more, then let it go live."))
        return redirect("admin:mall_reward_change", obj.pk)

    def _done(self, request: HttpRequest, reward: Reward, note: str) -> HttpResponse:
        self.log_change(request, reward, note)
        messages.success(request, f"{reward}: {note}")
        return redirect("admin:mall_reward_change", reward.pk)

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, reward: Reward) -> Label:
        return Label(reward.status, reward.get_status_display())

    @display(description=gettext_lazy("price"), ordering="points")
    def shown_price(self, reward: Reward) -> str:
        return shown_price(reward)

    @display(description=gettext_lazy("taken"), ordering="taken")
    def shown_taken(self, reward: Reward) -> str:
        return f"{reward.taken:,}" if reward.quota is None else f"{reward.taken:,} / {reward.quota:,}"

    @display(description=gettext_lazy("window"))
    def shown_window(self, reward: Reward) -> str:
        return _window(reward.starts_at, reward.ends_at)


def shown_price(price: Reward | RewardPrice) -> str:
    points = _("{points} points").format(points=f"{price.points:,}")
    return f"{points} + {yuan(price.price_fen)}" if price.price_fen else points


def _promise(reward: Reward) -> dict[str, Any]:
    prices = [f"{each.tier}: {shown_price(each)}" for each in reward.prices.select_related("tier").order_by("tier")]
    left = _("as many as there are") if reward.left is None else f"{reward.left:,}"
    return {
        "headers": [_("kind"), _("price"), _("left"), _("window")],
        "rows": [
            [
                reward.get_kind_display(),
                " · ".join([shown_price(reward), *prices]),
                left,
                _window(reward.starts_at, reward.ends_at),
            ]
        ],
    }


def _window(starts_at: Any, ends_at: Any) -> str:
    if starts_at is None and ends_at is None:
        return "–"
    return " – ".join(
        f"{each.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}" if each else "…" for each in (starts_at, ends_at)
    )


def _is(object_id: Any, **what: Any) -> bool:
    return Reward.objects.filter(pk=object_id, **what).exists()
