"""The bank of questions, quizzes with a look at a try as members see it, and what members answered."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.decorators import display

from members.identity.searching import FoundByMember
from promotions.campaigns.admin.frame import WHAT, WHEN, WHOM, CampaignAdmin
from promotions.campaigns.admin.frame import PartInlineMixin as PartOfCampaignMixin
from promotions.quiz.drawing import drawn, plain, shuffled
from promotions.quiz.models import Question, QuestionOption, Quiz, QuizQuestion, QuizTry
from shop.catalog.admin.forms import CatalogFormMixin
from shop.core.admin import PartInlineMixin, ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.screens import found_or_404

Kind = Question.Kind


class OptionFormSet(forms.BaseInlineFormSet):
    """The options that the question's kind needs."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        right = sum(bool(row.get("is_right")) for row in kept)
        kind = self.instance.kind
        wrong: str | bool | None
        if kind == Kind.TYPED:
            wrong = _wrong_answers([row["text"] for row in kept if row.get("text")])
        elif len(kept) < 2:
            wrong = _("Give at least two options.")
        else:
            wrong = (kind == Kind.SINGLE and right != 1) and _("Tick exactly one option as right.")
            wrong = wrong or (not right and _("Tick the options that are right."))
        if wrong:
            raise forms.ValidationError(wrong)


def _wrong_answers(texts: list[str]) -> str | None:
    """Of what a member writes signs and spaces are left out: an answer of nothing else could never be given."""
    if not texts:
        return _("Give at least one answer that is accepted.")
    unheard = next((text for text in texts if not plain(text)), None)
    sentence = _("“{answer}” could never be given: only letters, numbers and characters of what is written count.")
    return None if unheard is None else sentence.format(answer=unheard)


class OptionInline(PartInlineMixin, TabularInline):
    model = QuestionOption
    formset = OptionFormSet
    fields = ["text", "is_right"]
    extra = 4
    hide_title = True
    verbose_name_plural = gettext_lazy("Options; of a riddle every answer that is accepted")


@admin.register(Question)
class QuestionAdmin(CatalogFormMixin, SimpleHistoryAdmin, ModelAdmin):
    list_display: ClassVar[list[Any]] = ["text", "kind", "theme", "shown_quizzes"]
    list_filter = ["kind", "theme"]
    search_fields = ["text", "explanation"]
    ordering = ["-pk"]
    fields = ["kind", "theme", "text", "hint", "image", "explanation"]
    inlines: ClassVar[list[Any]] = [OptionInline]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        return super().get_queryset(request).annotate(asked_by=Count("quizquestion"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        unused = obj is None or not obj.quizquestion_set.exists()
        return super().has_delete_permission(request, obj) and unused

    @display(description=gettext_lazy("asked by quizzes"), ordering="asked_by")
    def shown_quizzes(self, question: Any) -> int:
        return question.asked_by


class QuizQuestionInline(PartOfCampaignMixin, TabularInline):
    model = QuizQuestion
    fields = ["question"]
    autocomplete_fields = ["question"]
    extra = 3
    hide_title = True
    verbose_name_plural = gettext_lazy("Questions that it may ask")


@admin.register(Quiz)
class QuizAdmin(CampaignAdmin):
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "theme",
        "shown_window",
        "shown_audience",
        "shown_rewards",
        "shown_budget",
    ]
    list_filter = ["status", "theme"]
    inlines: ClassVar[list[Any]] = [QuizQuestionInline]
    readonly_fields = ["rewards_given"]
    fieldsets = [
        (WHAT[0], {"fields": ["name", "theme", "intro", "note"]}),
        (
            gettext_lazy("How it is played"),
            {"fields": [("questions_per_try", "pass_mark"), ("tries_per_day", "tries_in_all"), "reveals"]},
        ),
        (
            gettext_lazy("What is won"),
            {
                "fields": [
                    ("reward_points", "reward_template"),
                    ("rewards_per_member", "rewards_limit"),
                    "rewards_given",
                ]
            },
        ),
        WHOM,
        WHEN,
    ]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.try_view)
        return [path("<path:object_id>/try/", view, name="quiz_quiz_try"), *super().get_urls()]

    def preview_url(self, campaign: Any) -> str:
        return reverse("admin:quiz_quiz_try", args=[campaign.pk])

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A try as a member would see it, drawn anew each time, with what is right beside it."""
        quiz = found_or_404(self, request, object_id)
        seed = get_random_string(16).encode()
        ids = list(quiz.quizquestion_set.values_list("question_id", flat=True))
        rows = Question.objects.prefetch_related("options").in_bulk(ids)
        asked = [
            (rows[pk], shuffled(list(rows[pk].options.all()), question_id=pk, seed=seed))
            for pk in drawn(ids, count=quiz.questions_per_try, seed=seed)
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("A try at “{name}”").format(name=quiz.name),
            "quiz": quiz,
            "asked": asked,
            "back": reverse("admin:quiz_quiz_change", args=[quiz.pk]),
        }
        return TemplateResponse(request, "admin/promotions/quiz_try.html", context)

    @display(description=gettext_lazy("rewards"))
    def shown_rewards(self, quiz: Any) -> str:
        return f"{quiz.rewards_given} / {quiz.rewards_limit or '–'}"


@admin.register(QuizTry)
class QuizTryAdmin(FoundByMember, ReadOnlyAdmin):
    list_display: ClassVar[list[Any]] = [
        "quiz",
        "member",
        "number",
        "right",
        "is_passed",
        "points",
        "coupon",
        "answered_at",
    ]
    list_filter = ["is_passed", "quiz"]
    list_select_related = ["quiz", "member", "coupon"]
    fields = ["quiz", "member", "number", "said", "right", "is_passed", "points", "coupon", "answered_at"]
    readonly_fields = fields
    ordering = ["-pk"]

    @display(description=gettext_lazy("answers"))
    def said(self, made: QuizTry) -> str:
        asked = Question.objects.in_bulk(made.question_ids)
        pairs = zip(made.question_ids, made.answers or [""] * len(made.question_ids), strict=False)
        return " · ".join(f"{asked[pk].text}: {words or '–'}" for pk, words in pairs if pk in asked)
