"""Actions of lists that cannot simply be taken back ask first, with how many rows they meet."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED = "confirmed"
MOST_SHOWN = 10
Action = Callable[[Any, HttpRequest, Any], Any]


def asks(sentence: Any, *, undo: Any = "", among: dict[str, Any] | None = None) -> Callable[[Action], Action]:
    """Show a page before the action: `sentence` with its {count}, some of the rows, how it is undone if it can be.

    `among` narrows the chosen rows to those that the action means.
    """

    def asking(action: Action) -> Action:
        @wraps(action)
        def asked(screen: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            if CONFIRMED in request.POST:
                return action(screen, request, queryset)
            meant = queryset.filter(**among) if among else queryset
            context = {
                **screen.admin_site.each_context(request),
                "opts": screen.opts,
                "title": str(sentence).format(count=f"{(count := meant.count()):,}"),
                "count": count,
                "more": max(0, count - MOST_SHOWN),
                "rows": meant[:MOST_SHOWN],
                "undo": undo,
                "action": request.POST.get("action", ""),
                "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "select_across": request.POST.get("select_across", "0"),
            }
            return TemplateResponse(request, "admin/confirm.html", context)

        return asked

    return asking
