"""Lotteries: the form in the frame of campaigns, the odds, and what may be added once they are published."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import StackedInline
from unfold.decorators import display

from promotions.campaigns.admin.frame import WHAT, WHEN, WHOM, CampaignAdmin, PartInlineMixin
from promotions.campaigns.models import CampaignStatus
from promotions.lottery.admin.forms import ChancesForm, CodesForm, StockForm
from promotions.lottery.admin.odds import odds_page
from promotions.lottery.models import RULES, Lottery, Prize
from promotions.lottery.services import add_stock, gift_chances, import_codes
from shop.core import clock
from shop.core.errors import DomainError
from shop.core.forms import YuanFormMixin
from shop.core.screens import form_page, found_or_404, staff


class PrizeFormSet(forms.BaseInlineFormSet):
    """Rows of one form do not know of each other: two for the rest would only be seen by the database."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if sum(bool(row.get("is_fallback")) for row in kept) > 1:
            raise forms.ValidationError(_("One prize is for the rest."))


class PrizeInline(PartInlineMixin, YuanFormMixin, StackedInline):
    """Of a lottery that has begun prizes are looked at, whatever becomes of it."""

    model = Prize
    formset = PrizeFormSet
    fields = [
        ("name", "kind"),
        ("weight", "is_fallback"),
        ("stock", "per_day"),
        ("points", "template"),
        ("sku", "freight_is_free"),
        ("worth_fen", "image"),
        "won",
    ]
    readonly_fields = ["won"]
    autocomplete_fields = ["sku"]
    ordering = ["pk"]
    extra = 0
    verbose_name_plural = gettext_lazy("Prizes: one of them is for the rest")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _has_begun(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _has_begun(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _has_begun(obj)

    def _is_looked_at(self, request: HttpRequest, campaign: Any) -> bool:
        return super()._is_looked_at(request, campaign) or _has_begun(campaign)


def _has_begun(lottery: Any) -> bool:
    return lottery is not None and lottery.has_begun


@admin.register(Lottery)
class LotteryAdmin(CampaignAdmin):
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "shown_window",
        "shown_audience",
        "shown_price",
        "shown_budget",
    ]
    inlines: ClassVar[list[Any]] = [PrizeInline]
    fieldsets = [
        (WHAT[0], {"fields": ["name", "intro", "note"]}),
        (
            gettext_lazy("What a draw costs, and how often"),
            {
                "fields": [
                    ("takes_chances", "points_per_draw"),
                    ("draws_per_day", "draws_in_all"),
                    ("prizes_per_day", "claim_days"),
                ]
            },
        ),
        (
            gettext_lazy("Where chances come from"),
            {
                "fields": [
                    ("check_in_chances", "invitation_chances"),
                    ("review_chances", "order_chances"),
                    ("order_least_fen", "order_moment"),
                ]
            },
        ),
        WHOM,
        WHEN,
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a lottery that has begun what was published is looked at."""
        known = super().get_readonly_fields(request, obj)
        is_edited = _has_begun(obj) and self.has_change_permission(request, obj)
        return [*known, *RULES] if is_edited else known

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.part_view)
        return [
            path("<path:object_id>/part/<slug:part>/", view, name="lottery_lottery_part"),
            *super().get_urls(),
        ]

    def part_url(self, lottery: Any, part: str) -> str:
        return reverse("admin:lottery_lottery_part", args=[lottery.pk, part])

    def preview_url(self, campaign: Any) -> str:
        return self.part_url(campaign, "odds")

    def steps_context(self, request: HttpRequest, campaign: Any) -> dict[str, Any]:
        context = super().steps_context(request, campaign)
        parts = [("odds", _("Odds"))]
        if self.may_move(request) and campaign.status != CampaignStatus.ENDED:
            parts += [("stock", _("More of a prize")), ("codes", _("Import codes")), ("chances", _("Give chances"))]
        links = [{"label": label, "url": self.part_url(campaign, part)} for part, label in parts]
        known = [each for each in context["campaign_links"] if each["url"] != self.preview_url(campaign)]
        return {**context, "campaign_links": [*links, *known]}

    def part_view(self, request: HttpRequest, object_id: str, part: str) -> HttpResponse:
        lottery = found_or_404(self, request, object_id)
        if part == "odds":
            if not self.has_view_permission(request, lottery):
                raise PermissionDenied
            return odds_page(self, request, lottery)
        pages: dict[str, Callable[[HttpRequest, Lottery], HttpResponse]] = {
            "stock": self._stock,
            "codes": self._codes,
            "chances": self._chances,
        }
        if part not in pages:
            raise Http404
        if not self.may_move(request):
            raise PermissionDenied
        return pages[part](request, lottery)

    def _stock(self, request: HttpRequest, lottery: Lottery) -> HttpResponse:
        form = StockForm(request.POST or None, lottery=lottery)

        def add() -> str:
            prize = add_stock(prize_id=form.cleaned_data["prize"].pk, units=form.cleaned_data["units"])
            return _("Of “{prize}” there are {stock} now.").format(prize=prize.name, stock=prize.stock)

        return self._asked(request, lottery, form, add, _("More of a prize"))

    def _codes(self, request: HttpRequest, lottery: Lottery) -> HttpResponse:
        form = CodesForm(request.POST or None, lottery=lottery)

        def bring() -> str:
            count = import_codes(prize_id=form.cleaned_data["prize"].pk, codes=form.cleaned_data["codes"])
            return _("{count} codes were imported.").format(count=count)

        return self._asked(request, lottery, form, bring, _("Import codes"))

    def _chances(self, request: HttpRequest, lottery: Lottery) -> HttpResponse:
        form = ChancesForm(request.POST or None)

        def give() -> str:
            asked = form.cleaned_data
            gift_chances(
                lottery_id=lottery.pk,
                member_id=asked["member"].pk,
                amount=asked["amount"],
                reference=asked["reference"],
                note=asked["note"],
                actor=staff(request),
                now=clock.now(),
            )
            return _("{member} has {count} chances more.").format(member=asked["member"], count=asked["amount"])

        return self._asked(request, lottery, form, give, _("Give chances"))

    def _asked(
        self, request: HttpRequest, lottery: Lottery, form: forms.Form, do: Callable[[], str], label: str
    ) -> HttpResponse:
        """A page with one form; what it did is said and kept in the audit trail."""
        if request.method == "POST" and form.is_valid():
            try:
                said = do()
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, lottery, said)
                messages.success(request, said)
                return redirect("admin:lottery_lottery_change", lottery.pk)
        return form_page(self, request, form=form, title=f"{label} · {lottery}", buttons=[("go", label)])

    @display(description=gettext_lazy("a draw costs"))
    def shown_price(self, lottery: Any) -> str:
        ways = [_("a chance")] if lottery.takes_chances else []
        if lottery.points_per_draw:
            ways.append(_("{count} points").format(count=lottery.points_per_draw))
        return " / ".join(ways) or "–"
