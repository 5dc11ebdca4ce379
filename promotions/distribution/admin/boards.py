"""Leaderboards with their rewards, who leads, and what of a rewarded period is to be corrected."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from members.identity.admin import link_to_member
from promotions.distribution.admin.awards import (
    CorrectionForm,
    differences_table,
    last_rewarded,
    shown_value,
    shown_worth,
)
from promotions.distribution.models import Distributor, Leaderboard, Measure, RankAward, RankReward
from promotions.distribution.ranking import days_of, ranks
from promotions.distribution.services.correcting import correct_awards, differences_of
from shop.core import clock
from shop.core.admin import PartInlineMixin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import DayField, YuanFormMixin
from shop.core.screens import form_page, found_or_404, staff

FEN = 100


class DayForm(forms.Form):
    day = DayField()


class RewardFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        spans = sorted((row["first_rank"], row["last_rank"]) for row in kept if "last_rank" in row)
        for before, after in zip(spans, spans[1:], strict=False):
            if after[0] <= before[1]:
                raise forms.ValidationError(_("Ranks of two rewards overlap."))


class LeaderboardForm(forms.ModelForm):
    """Sales are typed in yuan, orders and points as they are counted."""

    least = forms.DecimalField(
        label=gettext_lazy("least to be ranked"),
        min_value=0,
        max_value=1_000_000_000,
        decimal_places=2,
        initial=1,
        help_text=gettext_lazy("In yuan for sales, else so many orders or points."),
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = Leaderboard
        fields = ("name", "measure", "period", "least", "is_running")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.measure == Measure.SALES:
            self.initial["least"] = Decimal(self.instance.least) / FEN

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        least, measure = given.get("least"), given.get("measure", self.instance.measure)
        if least is None:
            return given
        units = least * FEN if measure == Measure.SALES else least
        if units != int(units) or units < 1:
            self.add_error("least", _("At least ¥0.01, or one order or point."))
        return {**given, "least": int(units)}


class RewardInline(PartInlineMixin, YuanFormMixin, TabularInline):
    model = RankReward
    formset = RewardFormSet
    fields = ["first_rank", "last_rank", "reward_fen", "points"]
    extra = 1


@admin.register(Leaderboard)
class LeaderboardAdmin(ModelAdmin):
    form = LeaderboardForm
    list_display = ["name", "measure", "period", "is_running", "rewarded_until"]
    list_filter = ["measure", "period", "is_running"]
    fields = ["name", "measure", "period", "least", "is_running"]
    ordering = ["-pk"]
    inlines = [RewardInline]
    actions_detail = ["standings", "correct"]

    def get_readonly_fields(self, request: HttpRequest, obj: Leaderboard | None = None) -> list[str]:
        """What has rewarded somebody counts as it did."""
        return ["measure", "period"] if obj is not None and obj.awards.exists() else []

    @action(description=gettext_lazy("Standings"), url_path="standings", permissions=["view"], icon="leaderboard")
    def standings(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The period that holds a day, the present one unless told."""
        board, form = found_or_404(self, request, object_id), DayForm(request.GET or None)
        day = form.cleaned_data["day"] if form.is_valid() else clock.business_day(clock.now())
        first_day, end_day = days_of(board.period, day)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": f"{_('Standings')}: {board}",
            "first_day": first_day,
            "last_day": end_day - timedelta(days=1),
            "before": first_day - timedelta(days=1),
            "after": end_day,
            "table": _standings(board, first_day, end_day),
            "correct": self._where_to_correct(request, board, first_day),
        }
        return TemplateResponse(request, "admin/promotions/standings.html", context)

    @action(
        description=gettext_lazy("Correct rewards"),
        url_path="correct",
        permissions=["correct"],
        icon="rule",
    )
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of the period that holds a day, or of the last one that was rewarded."""
        board, asked = found_or_404(self, request, object_id), DayForm(request.GET or None)
        day = asked.cleaned_data["day"] if asked.is_valid() else last_rewarded(board)
        if day is None:
            raise Http404
        first_day = days_of(board.period, day)[0]
        found = differences_of(board=board, first_day=first_day)
        if not found:
            messages.info(request, _("What was given for the period from {day} is due.").format(day=first_day))
            return redirect(f"{reverse('admin:distribution_leaderboard_standings', args=[board.pk])}?day={first_day}")
        form = CorrectionForm(request.POST or None, differences=found)
        if request.method == "POST" and form.is_valid():
            done = {"changes": form.changes(), "reason": form.cleaned_data["reason"], "actor": staff(request)}
            try:
                made = correct_awards(board_id=board.pk, first_day=first_day, **done, now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                said = _("Rewards of the period from {day} corrected: {count}").format(day=first_day, count=len(made))
                self.log_change(request, board, f"{said}: {done['reason']}")
                messages.success(request, said)
                return redirect("admin:distribution_awardcorrection_changelist")
        return form_page(
            self,
            request,
            form=form,
            title=f"{_('Correct rewards')}: {board}",
            table=differences_table(board, found),
            table_title=_("Period from {day}, counted again").format(day=first_day),
            buttons=[("go", _("Correct rewards"))],
        )

    def has_correct_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        has_rewarded = object_id is None or RankAward.objects.filter(leaderboard=object_id).exists()
        return request.user.has_perm("distribution.add_awardcorrection") and has_rewarded

    def _where_to_correct(self, request: HttpRequest, board: Leaderboard, first_day: date) -> str:
        """Where what was given for the period is not what is due any more."""
        if not self.has_correct_permission(request) or not differences_of(board=board, first_day=first_day):
            return ""
        return f"{reverse('admin:distribution_leaderboard_correct', args=[board.pk])}?day={first_day}"

    def save_model(self, request: HttpRequest, obj: Leaderboard, form: Any, change: bool) -> None:
        """Of a board that is there only what was typed: the night may just be rewarding its ranks."""
        if change:
            obj.save(update_fields=list(form.cleaned_data))
            return
        obj.rewarded_until = clock.business_day(clock.now())
        obj.save()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has rewarded somebody stays; it can be stopped."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.awards.exists())


def _standings(board: Leaderboard, first_day: date, end_day: date) -> dict[str, Any]:
    """Three queries, however many are ranked."""
    found = ranks(measure=board.measure, first_day=first_day, end_day=end_day, least=board.least)
    rows = Distributor.objects.filter(pk__in=[each.distributor_id for each in found]).select_related("member")
    sellers, rewards = {row.pk: row for row in rows}, list(board.rewards.all())

    def worth(rank: int) -> str:
        reward = next((each for each in rewards if each.first_rank <= rank <= each.last_rank), None)
        return shown_worth(reward.reward_fen, reward.points) if reward else "–"

    return {
        "headers": [_("rank"), _("distributor"), board.get_measure_display(), _("reward for the rank")],
        "rows": [
            [
                f"{each.rank}",
                link_to_member(sellers[each.distributor_id].member),
                shown_value(board, each.value),
                worth(each.rank),
            ]
            for each in found
        ],
    }
