"""Pages of the admin that hold one form and call one service."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from shop.core.actors import Actor
from shop.core.dashboard import Panel


def form_page(
    model_admin: ModelAdmin, request: HttpRequest, *, form: forms.BaseForm, title: Any, **context: Any
) -> HttpResponse:
    """A page that holds one form.

    `context` may hold `buttons`, (value, label) pairs of submit buttons, `table`, a unfold table of findings, and
    `before`, a template that stands above the form.
    """
    return TemplateResponse(
        request,
        "admin/form.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.model._meta,
            "title": title,
            "form": form,
            **context,
        },
    )


def panels_page(
    model_admin: ModelAdmin, request: HttpRequest, *, title: Any, panels: Sequence[Panel], **context: Any
) -> HttpResponse:
    """A page of figures, tables and charts."""
    shown = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": title,
        "panels": panels,
        **context,
    }
    return TemplateResponse(request, "admin/panels/page.html", shown)


def found_or_404(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """The object that an address of the admin names; no object when it names none, whatever it is made of."""
    found = model_admin.get_object(request, object_id)
    if found is None:
        raise Http404
    return found


def staff(request: HttpRequest) -> Actor:
    return Actor.staff(request.user.get_username())
