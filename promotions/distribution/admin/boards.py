"""Leaderboards with their rewards, and who was rewarded."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from members.identity.admin import link_to_member
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import Leaderboard, Measure, RankAward, RankReward
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.forms import YuanFormMixin
from shop.core.money import yuan


class RewardFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        spans = sorted((row["first_rank"], row["last_rank"]) for row in kept if "last_rank" in row)
        for before, after in zip(spans, spans[1:], strict=False):
            if after[0] <= before[1]:
                raise forms.ValidationError(_("Ranks of two rewards overlap."))


class RewardInline(YuanFormMixin, TabularInline):
    model = RankReward
    formset = RewardFormSet
    fields = ["first_rank", "last_rank", "reward_fen", "points"]
    extra = 1


@admin.register(Leaderboard)
class LeaderboardAdmin(ModelAdmin):
    list_display = ["name", "measure", "period", "is_running"]
    list_filter = ["measure", "period", "is_running"]
    fields = ["name", "measure", "period", "least", "is_running"]
    ordering = ["-pk"]
    inlines = [RewardInline]

    def save_model(self, request: HttpRequest, obj: Leaderboard, form: Any, change: bool) -> None:
        if not change:
            obj.since = clock.business_day(clock.now())
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has rewarded somebody stays; it can be stopped."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.awards.exists())


@admin.register(RankAward)
class RankAwardAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("distributor__member",)
    list_display = ["leaderboard", "first_day", "rank", "who", "shown_value", "reward", "points", "awarded_at"]
    list_filter = ["leaderboard", "first_day"]
    list_select_related = ["leaderboard", "distributor__member"]
    fields = ["leaderboard", "first_day", "rank", "who", "shown_value", "reward", "points", "awarded_at"]
    readonly_fields = ["who", "shown_value", "reward"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("distributor"))
    def who(self, award: RankAward) -> str:
        return link_to_member(award.distributor.member)

    @display(description=gettext_lazy("value"), ordering="value")
    def shown_value(self, award: RankAward) -> str:
        return yuan(award.value) if award.leaderboard.measure == Measure.SALES else f"{award.value:,}"

    @display(description=gettext_lazy("reward"), ordering="reward_fen")
    def reward(self, award: RankAward) -> str:
        return yuan(award.reward_fen)
