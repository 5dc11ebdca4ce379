"""Trying rules before they act: what a purchase would earn now and with the draft, and why."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from points.ledger.queries import points_worth_fen
from points.rules.engine import Evaluation, LiveRule
from points.rules.explaining import reasons
from points.rules.live import categories_named, live_rules
from points.rules.models import EarningRule
from points.rules.queries import try_event
from points.rules.sentences import shown_amount, shown_points
from points.rules.trying import TryForm
from shop.core.editing import ModelAdmin
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404

VIEW = "rules.view_earningrule"


class TryingPages(ModelAdmin):
    """For the admin of rules."""

    def has_try_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(VIEW)

    @action(description=gettext_lazy("Preview"), url_path="try", permissions=["try"], icon="visibility")
    def try_rules(self, request: HttpRequest) -> HttpResponse:
        """What somebody would earn by the rules that are live."""
        return self._try(request, None)

    @action(description=gettext_lazy("Preview"), url_path="try-draft", permissions=["try"], icon="visibility")
    def try_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same, beside what it would be with this draft."""
        return self._try(request, found_or_404(self, request, object_id))

    def _try(self, request: HttpRequest, rule: EarningRule | None) -> HttpResponse:
        form = TryForm(request.POST or None)
        context: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            live = live_rules(category_ids=form.category_ids)
            event = form.event(live.category_paths)
            context["results"] = [_result(_("By the live rules"), try_event(event, live))]
            if rule is not None:
                draft = LiveRule(rule.pk, 0, rule.name, rule.spec)
                wider = live_rules(category_ids=form.category_ids | categories_named(draft))
                found = try_event(event, wider.with_draft(draft))
                context["results"].append(_result(_("With the draft of “{rule}”").format(rule=rule), found))
            context["worth"] = shown_amount(event.worth_fen)
        title = _("Preview of “{rule}”").format(rule=rule) if rule else _("Preview of points")
        return form_page(
            self,
            request,
            form=form,
            title=title,
            buttons=[("try", _("Preview"))],
            before="admin/rules/results.html",
            **context,
        )


def _result(title: str, found: Evaluation) -> dict[str, Any]:
    told: Sequence[Any] = reasons(found.steps)
    return {
        "title": title,
        "points": shown_points(found.points),
        "worth": yuan(points_worth_fen(found.points)),
        "gave": [each for each in told if each.gave],
        "refused": [each for each in told if not each.gave],
    }
