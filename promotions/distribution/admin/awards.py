"""What ranks have brought to whom, and what of it a person has corrected since."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from members.identity.admin import link_to_member
from promotions.distribution.admin.people import ReasonForm
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import AwardCorrection, Leaderboard, Measure, RankAward
from promotions.distribution.services.correcting import Difference, Worth
from shop.core.admin import ReadOnlyAdmin
from shop.core.money import yuan


class CorrectionForm(ReasonForm):
    """Whom to correct: what is too much is ticked, what is too little is for the shop to decide.

    A choice holds what was seen when it was made.
    """

    who = forms.MultipleChoiceField(
        label=gettext_lazy("Corrected are the rewards of"), widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    field_order = ["who", "reason"]

    def __init__(self, *args: Any, differences: list[Difference], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [(_key(each), _change(each)) for each in differences]  # type: ignore[attr-defined]
        self.fields["who"].initial = [_key(each) for each in differences if _is_too_much(each.change)]
        self.fields["reason"].help_text = _("The distributor reads it. What was spent already is owed.")

    def changes(self) -> dict[int, Worth]:
        chosen = [[int(part) for part in each.split(":")] for each in self.cleaned_data["who"]]
        return {pk: Worth(fen, points) for pk, fen, points in chosen}


def differences_table(board: Leaderboard, differences: list[Difference]) -> dict[str, Any]:
    return {
        "headers": [_("distributor"), _("rank then"), _("rank now"), _("value now"), _("was given"), _("is due")],
        "rows": [
            [
                link_to_member(each.distributor.member),
                f"{each.rank_then or '–'}",
                f"{each.rank_now or '–'}",
                shown_value(board, each.value_now),
                shown_worth(each.given.fen, each.given.points),
                shown_worth(each.due.fen, each.due.points),
            ]
            for each in differences
        ],
    }


def last_rewarded(board: Leaderboard) -> date | None:
    return board.awards.order_by("-first_day").values_list("first_day", flat=True).first()


def _key(each: Difference) -> str:
    return f"{each.distributor.pk}:{each.change.fen}:{each.change.points}"


def _change(each: Difference) -> str:
    return f"{each.distributor}: {shown_change(each.change.fen, each.change.points)}"


def _is_too_much(change: Worth) -> bool:
    return change.fen <= 0 and change.points <= 0


def shown_value(board: Leaderboard, value: int) -> str:
    return yuan(value) if board.measure == Measure.SALES else f"{value:,}"


def shown_worth(fen: int, points: int) -> str:
    parts = [yuan(fen)] if fen else []
    if points:
        parts.append(_("{points} points").format(points=f"{points:,}"))
    return " + ".join(parts) or "–"


def shown_change(fen: int, points: int) -> str:
    """`+¥88.00, -500 points`."""
    parts = [f"{'+' if fen > 0 else ''}{yuan(fen)}"] if fen else []
    if points:
        parts.append(_("{points} points").format(points=f"{points:+,}"))
    return ", ".join(parts)


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
        return shown_value(award.leaderboard, award.value)

    @display(description=gettext_lazy("reward for the rank"), ordering="reward_fen")
    def reward(self, award: RankAward) -> str:
        return yuan(award.reward_fen)


@admin.register(AwardCorrection)
class AwardCorrectionAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("distributor__member",)
    list_display = ["leaderboard", "first_day", "who", "change", "rank_now", "reason", "corrected_by", "corrected_at"]
    list_filter = ["leaderboard", "first_day"]
    list_select_related = ["leaderboard", "distributor__member"]
    fields = [
        ("leaderboard", "first_day"),
        ("who", "change"),
        ("rank_now", "shown_value"),
        "reason",
        ("corrected_by", "corrected_at"),
    ]
    readonly_fields = ["who", "change", "shown_value"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("distributor"))
    def who(self, row: AwardCorrection) -> str:
        return link_to_member(row.distributor.member)

    @display(description=gettext_lazy("change of the reward"))
    def change(self, row: AwardCorrection) -> str:
        return shown_change(row.reward_fen, row.points)

    @display(description=gettext_lazy("value now"))
    def shown_value(self, row: AwardCorrection) -> str:
        return shown_value(row.leaderboard, row.value_now)
