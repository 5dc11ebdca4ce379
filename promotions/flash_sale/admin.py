"""Flash sales with their sessions, the goods of each session on a page of its own, and what orders took of them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from promotions.campaigns.admin.frame import TOGETHER, WHAT, WHEN, WHOM, CampaignAdmin, PartInlineMixin
from promotions.campaigns.admin.looking import readable
from promotions.campaigns.forms import StackingForm
from promotions.flash_sale.models import (
    FlashSale,
    FlashSaleItem,
    FlashSaleReminder,
    FlashSaleSession,
    FlashSaleUse,
)
from promotions.flash_sale.services.sessions import MOST_DAYS, repeat_last_day
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import YuanFormMixin
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404
from shop.core.searching import FoundByKeys


class SessionInline(PartInlineMixin, TabularInline):
    model = FlashSaleSession
    fields = ["starts_at", "ends_at", "goods"]
    readonly_fields = ["goods"]
    extra = 2
    hide_title = True
    verbose_name_plural = gettext_lazy("Sessions: save them, then open each to name its goods")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlashSaleSession]:
        return with_goods(super().get_queryset(request))

    @display(description=gettext_lazy("goods"))
    def goods(self, session: Any) -> str:
        """A link to the page on which they are named."""
        if not session.pk:
            return "–"
        page = reverse("admin:flash_sale_flashsalesession_change", args=[session.pk])
        return format_html(
            '<a class="text-primary-600 underline whitespace-nowrap" href="{}">{}</a>', page, shown_goods(session)
        )


class ItemInline(PartInlineMixin, YuanFormMixin, TabularInline):
    model = FlashSaleItem
    fields = ["sku", "price_fen", "points", "quota", "limit_per_member", "taken", "reminders"]
    readonly_fields = ["taken", "reminders"]
    autocomplete_fields = ["sku"]
    extra = 2
    hide_title = True
    verbose_name_plural = gettext_lazy("Goods of the session: a price in money, in points, or both for each unit")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlashSaleItem]:
        wanted = FlashSaleReminder.objects.filter(item=OuterRef("pk")).order_by().values("item")
        counted = Subquery(wanted.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        return super().get_queryset(request).select_related("sku__product").annotate(wanted=Coalesce(counted, 0))

    @display(description=gettext_lazy("wait for it"))
    def reminders(self, item: Any) -> int:
        return getattr(item, "wanted", 0)

    def _may(self, request: HttpRequest, verb: str) -> bool:
        """Goods are a part of the sale, as its sessions are."""
        return request.user.has_perm(f"flash_sale.{verb}_flashsale")

    def _is_looked_at(self, request: HttpRequest, campaign: Any) -> bool:
        return campaign is not None and super()._is_looked_at(request, campaign.sale)


class RepeatForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("on so many following days"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )


@admin.register(FlashSale)
class FlashSaleAdmin(CampaignAdmin):
    form = StackingForm
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "shown_window",
        "shown_audience",
        "shown_units",
        "shown_budget",
    ]
    inlines: ClassVar[list[Any]] = [SessionInline]
    fieldsets = [
        WHAT,
        (gettext_lazy("How it is sold"), {"fields": [("pay_within_minutes", "warm_up_hours")]}),
        WHOM,
        WHEN,
        TOGETHER,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlashSale]:
        items = FlashSaleItem.objects.filter(session__sale=OuterRef("pk")).order_by().values("session__sale")
        return (
            super()
            .get_queryset(request)
            .annotate(
                units=Subquery(items.annotate(n=Sum("quota")).values("n")),
                sold=Subquery(items.annotate(n=Sum("taken")).values("n")),
            )
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """To its page, where the goods of its sessions are named."""
        super().response_add(request, obj, post_url_continue)
        return redirect(self._page(obj))

    def steps_context(self, request: HttpRequest, campaign: Any) -> dict[str, Any]:
        context = super().steps_context(request, campaign)
        if campaign.is_draft and self.may_move(request):
            url = reverse("admin:flash_sale_flashsale_repeat", args=[campaign.pk])
            context["campaign_links"].insert(0, {"label": _("Repeat the last day"), "url": url})
        return context

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.repeat_view)
        return [path("<path:object_id>/repeat/", view, name="flash_sale_flashsale_repeat"), *super().get_urls()]

    def repeat_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The sessions of the last day, with their goods, on the days after it."""
        sale = found_or_404(self, request, object_id)
        if not self.may_move(request):
            raise PermissionDenied
        form = RepeatForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = repeat_last_day(sale_id=sale.pk, days=form.cleaned_data["days"])
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, sale, _("Repeat the last day"))
                messages.success(request, _("{count} sessions were added.").format(count=made))
                return redirect(self._page(sale))
        title = f"{_('Repeat the last day')} · {sale}"
        return form_page(self, request, form=form, title=title, buttons=[("repeat", _("Repeat"))])

    @display(description=gettext_lazy("sold / units"))
    def shown_units(self, sale: Any) -> str:
        return f"{sale.sold or 0} / {sale.units or 0}"


@admin.register(FlashSaleSession)
class FlashSaleSessionAdmin(SimpleHistoryAdmin, ModelAdmin):
    """Made with its sale; its goods are named here while the sale is a draft."""

    list_display: ClassVar[list[Any]] = ["shown_session", "sale", "goods", "shown_units"]
    list_select_related = ["sale"]
    list_filter = ["sale"]
    ordering = ["-starts_at", "-pk"]
    show_full_result_count = False
    fields = ["sale", "starts_at", "ends_at"]
    readonly_fields = ["sale"]
    inlines: ClassVar[list[Any]] = [ItemInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlashSaleSession]:
        return with_goods(super().get_queryset(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("flash_sale.view_flashsale")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("flash_sale.change_flashsale") and (obj is None or obj.sale.is_draft)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Back to the sale."""
        answer = super().response_change(request, obj)
        if "_continue" in request.POST:
            return answer
        return redirect(reverse("admin:flash_sale_flashsale_change", args=[obj.sale_id]))

    @display(description=gettext_lazy("session"), ordering="starts_at")
    def shown_session(self, session: Any) -> str:
        return str(session)

    @display(description=gettext_lazy("goods"))
    def goods(self, session: Any) -> str:
        return shown_goods(session)

    @display(description=gettext_lazy("sold / units"))
    def shown_units(self, session: Any) -> str:
        return f"{session.sold} / {session.units}"


@admin.register(FlashSaleUse)
class FlashSaleUseAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display: ClassVar[list[Any]] = [
        "order_number",
        "member",
        "item",
        "units",
        "shown_discount",
        "points",
        "used_at",
        "confirmed_at",
        "released_at",
    ]
    list_select_related = ["member", "item__sku__product"]
    search_keys = ("order_number",)
    ordering = ["-pk"]

    @display(description=gettext_lazy("taken off"), ordering="discount_fen")
    def shown_discount(self, use: FlashSaleUse) -> str:
        return yuan(use.discount_fen)

    def get_fieldsets(self, request: HttpRequest, obj: FlashSaleUse | None = None) -> Any:
        return readable(super().get_fieldsets(request, obj), FlashSaleUse)


def with_goods(sessions: QuerySet[FlashSaleSession]) -> QuerySet[FlashSaleSession]:
    return sessions.annotate(
        goods_count=Count("items"),
        units=Coalesce(Sum("items__quota"), 0),
        sold=Coalesce(Sum("items__taken"), 0),
    )


def shown_goods(session: Any) -> str:
    count = getattr(session, "goods_count", 0)
    return _("{count} goods").format(count=count) if count else _("none yet")
