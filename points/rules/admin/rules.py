"""The screen where rules are written: a form, the sentence that it makes, and what is live."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from members.tiers.models import Tier
from points.rules import drafting
from points.rules.admin.trying import TryingPages
from points.rules.errors import BacktestTooLong
from points.rules.forms import BacktestForm, RuleForm
from points.rules.models import EarningRule
from points.rules.naming import Names, names_for
from points.rules.sentences import sentence
from points.rules.services import pause_rule, publish_rule, resume_rule
from points.rules.services.backtesting import ask_for_backtest
from points.rules.spec import RuleSpec
from shop.catalog.models import Product, Sku
from shop.core import clock
from shop.core.clock import business_day
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff

FOUND = 20
CHANGE = "rules.change_earningrule"
RATE = "effect == 'per_amount'"


@admin.register(EarningRule)
class EarningRuleAdmin(TryingPages):
    form = RuleForm
    list_display = ["__str__", "shown_sentence", "shown_state", "changed_at"]
    ordering = ["pk"]
    search_fields = ["name"]
    warn_unsaved_form = True
    show_full_result_count = False
    change_form_outer_before_template = "admin/rules/sentence.html"
    actions_list = ["try_rules"]
    actions_detail = ["publish", "try_draft", "backtest", "pause", "resume"]
    conditional_fields = {
        "rate_points": RATE,
        "rate_fen": RATE,
        "times": "effect == 'multiplier'",
        "points": "effect == 'fixed'",
        "streak_repeats": "effect == 'by_streak'",
        "holidays": "on_holidays == 'these'",
        "tier_multiplier": "effect != 'multiplier'",
        "group": "combine == 'best' || combine == 'first'",
    }

    class Media:
        js = ["rules/sentence.js"]
        css = {"all": ["rules/rule.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[EarningRule]:
        return super().get_queryset(request).select_related("live")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # The form makes its own fields, which a form made of the model's columns would not know.
        if self._may_write(request, obj):
            return RuleForm
        return super().get_form(request, obj, change, **{**kwargs, "form": forms.ModelForm})

    def get_fieldsets(self, request: HttpRequest, obj: EarningRule | None = None) -> Any:
        if not self._may_write(request, obj):
            return [(None, {"fields": ["name", "shown_sentence", "shown_state", "changed_at"]})]
        tiers = list(Tier.objects.order_by("pk").values_list("pk", flat=True))
        self.conditional_fields = {**type(self).conditional_fields, **_tables_shown(tiers)}
        return _fieldsets(tiers)

    def get_readonly_fields(self, request: HttpRequest, obj: EarningRule | None = None) -> list[str]:
        if self._may_write(request, obj):
            return []
        return ["name", "shown_sentence", "shown_state", "changed_at"]

    def get_urls(self) -> list[Any]:
        def view(page: Callable[[HttpRequest], JsonResponse]) -> Any:
            return self.admin_site.admin_view(partial(self._for_readers, page))

        return [
            path("sentence/", view(self.draft_sentence), name="rules_earningrule_sentence"),
            path("products/", view(self.find_products), name="rules_earningrule_products"),
            path("skus/", view(self.find_skus), name="rules_earningrule_skus"),
            *super().get_urls(),
        ]

    def _for_readers(self, page: Callable[[HttpRequest], JsonResponse], request: HttpRequest) -> JsonResponse:
        """What fields ask for is for those who may see the rules."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return page(request)

    def has_delete_permission(self, request: HttpRequest, obj: EarningRule | None = None) -> bool:
        """What has acted stays, for what it gave is explained by it."""
        if obj is not None and obj.versions.exists():
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: EarningRule, form: Any, change: bool) -> None:
        obj.changed_at = clock.now()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: EarningRule, post_url_continue: str | None = None) -> Any:
        """A new rule is looked at again before it is published."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, _("The draft is saved. It acts when it is published."))
        return redirect("admin:rules_earningrule_change", obj.pk)

    @display(description=gettext_lazy("rule"))
    def shown_sentence(self, rule: EarningRule) -> str:
        return sentence(_shown(rule), self._names(rule))

    @display(
        description=gettext_lazy("state"),
        label={"live": "success", "ahead": "info", "over": "info", "draft": "warning", "paused": "danger"},
    )
    def shown_state(self, rule: EarningRule) -> Label:
        return _state(rule)

    def draft_sentence(self, request: HttpRequest) -> JsonResponse:
        """What the form says so far, in plain words."""
        form = RuleForm(request.POST)
        form.is_valid()
        spec = form.spec
        text = sentence(spec, names_for([spec], today=business_day(clock.now()))) if spec else ""
        return JsonResponse({"sentence": text})

    def find_products(self, request: HttpRequest) -> JsonResponse:
        """For a field that is typed into: products by part of their name or the start of their code."""
        term = request.GET.get("term", "").strip()
        rows = Product.objects.filter(Q(name__icontains=term) | Q(code__istartswith=term)).order_by("name", "pk")
        named = rows.values_list("pk", "name", "code")[:FOUND]
        return _found([(pk, f"{name} · {code}") for pk, name, code in named])

    def find_skus(self, request: HttpRequest) -> JsonResponse:
        """The same for SKUs."""
        term = request.GET.get("term", "").strip()
        rows = Sku.objects.filter(Q(product__name__icontains=term) | Q(code__istartswith=term)).order_by("code", "pk")
        named = rows.values_list("pk", "product__name", "code")[:FOUND]
        return _found([(pk, f"{name} · {code}") for pk, name, code in named])

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(CHANGE) and self._is(object_id, lambda rule: rule.has_news)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(CHANGE) and self._is(object_id, lambda rule: rule.live is not None)

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        paused = self._is(object_id, lambda rule: rule.live is None and rule.versions.exists())
        return request.user.has_perm(CHANGE) and paused

    def has_backtest_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(CHANGE)

    def _is(self, object_id: Any, asked: Callable[[EarningRule], bool]) -> bool:
        """Only what can be done with a rule now is offered; without a rule the question is whether it ever may."""
        if object_id is None:
            return True
        rule = EarningRule.objects.select_related("live").filter(pk=object_id).first()
        return rule is not None and asked(rule)

    @action(description=gettext_lazy("Publish"), url_path="publish", permissions=["publish"], icon="rocket_launch")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = found_or_404(self, request, object_id)
        return self._act(request, rule, _("Publish"), publish_rule, _("The rule acts from now on."))

    @action(description=gettext_lazy("Pause"), url_path="pause", permissions=["pause"], icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = found_or_404(self, request, object_id)
        return self._act(request, rule, _("Pause"), pause_rule, _("The rule is paused. What it gave stays given."))

    @action(description=gettext_lazy("Resume"), url_path="resume", permissions=["resume"], icon="play_arrow")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = found_or_404(self, request, object_id)
        return self._act(request, rule, _("Resume"), resume_rule, _("The rule acts from now on."))

    @action(description=gettext_lazy("Backtest"), url_path="backtest", permissions=["backtest"], icon="history")
    def backtest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the draft to be tried on past orders."""
        rule = found_or_404(self, request, object_id)
        form = BacktestForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                asked = ask_for_backtest(rule=rule, actor=staff(request), now=clock.now(), **form.cleaned_data)
            except BacktestTooLong as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("admin:rules_backtest_change", asked.pk)
        title = _("Backtest of “{rule}”").format(rule=rule)
        return form_page(self, request, form=form, title=title, buttons=[("ask", _("Start"))])

    def _act(self, request: HttpRequest, rule: EarningRule, verb: str, service: Any, done: str) -> HttpResponse:
        """Members feel it at once, so that it is looked at again before it is done."""
        form = forms.Form(request.POST or None)
        if request.method == "POST":
            try:
                service(rule_id=rule.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_change(request, rule, done)
                messages.success(request, done)
            return redirect("admin:rules_earningrule_change", rule.pk)
        title = _("{verb}: {rule}").format(verb=verb, rule=rule)
        specs = [rule.spec, *([rule.live.spec] if rule.live else [])]
        names = names_for(specs, today=business_day(clock.now()))
        lines = [(_("Draft"), sentence(rule.spec, names))]
        if rule.live:
            lines.insert(0, (_("Live"), sentence(rule.live.spec, names)))
        buttons, before = [("go", verb)], "admin/rules/confirm.html"
        return form_page(self, request, form=form, title=title, buttons=buttons, before=before, lines=lines)

    def _names(self, rule: EarningRule) -> Names:
        return names_for([_shown(rule)], today=business_day(clock.now()))

    def _may_write(self, request: HttpRequest, obj: EarningRule | None) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)


def _shown(rule: EarningRule) -> RuleSpec:
    """What acts, or would."""
    return rule.live.spec if rule.live else rule.spec


def _state(rule: EarningRule) -> Label:
    today = business_day(clock.now())
    if rule.live is None:
        return Label("paused", _("Paused")) if rule.versions.exists() else Label("draft", _("Draft"))
    spec = rule.live.spec
    if spec.first_day and today < spec.first_day:
        return Label("ahead", _("Begins {day}").format(day=spec.first_day))
    if spec.last_day and spec.last_day < today:
        return Label("over", _("Over"))
    version = _("Live, version {number}").format(number=rule.live.number)
    changed = _("draft changed")
    return Label("live", f"{version} · {changed}" if rule.has_news else version)


def _found(rows: Iterable[tuple[int, str]]) -> JsonResponse:
    results = [{"id": str(pk), "text": text} for pk, text in rows]
    return JsonResponse({"results": results, "pagination": {"more": False}})


def _tables_shown(tiers: list[int]) -> dict[str, str]:
    shown = {f"tier_{pk}_points": "effect == 'by_tier'" for pk in tiers}
    for row in range(1, drafting.STREAK_ROWS + 1):
        shown |= {f"streak_{row}_{part}": "effect == 'by_streak'" for part in ("day", "points")}
    return shown


def _fieldsets(tiers: list[int]) -> list[Any]:
    streak = [(f"streak_{n}_day", f"streak_{n}_points") for n in range(1, drafting.STREAK_ROWS + 1)]
    limits = [
        tuple(f"limit_{n}_{part}" for part in ("amount", "unit", "period", "scope"))
        for n in range(1, drafting.LIMIT_ROWS + 1)
    ]
    return [
        (None, {"fields": [("name", "event"), ("first_day", "last_day")]}),
        (
            gettext_lazy("What it gives"),
            {
                "fields": [
                    "effect",
                    ("rate_points", "rate_fen"),
                    "times",
                    "points",
                    *[tuple(f"tier_{pk}_points" for pk in tiers[n : n + 2]) for n in range(0, len(tiers), 2)],
                    *streak,
                    "streak_repeats",
                    "tier_multiplier",
                ]
            },
        ),
        (gettext_lazy("For whom"), {"fields": [("tiers", "segments"), ("channels", "first_order")]}),
        (
            gettext_lazy("When"),
            {"fields": ["weekdays", ("days_first", "days_last"), ("on_holidays", "holidays"), "member_day"]},
        ),
        (
            gettext_lazy("For what"),
            {
                "fields": [
                    ("categories", "not_categories"),
                    ("products", "not_products"),
                    ("brands", "not_brands"),
                    "minimum_fen",
                ]
            },
        ),
        (
            gettext_lazy("Limits"),
            {"fields": limits, "description": gettext_lazy("What this rule itself adds. Blank: no limit.")},
        ),
        (gettext_lazy("Beside others"), {"fields": [("combine", "group"), ("priority", "expiry_policy")]}),
    ]
