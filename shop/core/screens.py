"""Pages of the admin that hold one form and call one service."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from shop.core.actors import Actor
from shop.core.csv_files import csv_bytes
from shop.core.dashboard import lines_of
from shop.core.editing import ModelAdmin

CSV = "text/csv; charset=utf-8"


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
    model_admin: ModelAdmin, request: HttpRequest, *, title: Any, panels: Sequence[Any], **context: Any
) -> HttpResponse:
    """A page of figures, tables and charts; with `?format=csv` the same as a file.

    `context` may hold a `form` to narrow it by, `choices` with the `chosen` one, `links`, (label, address) pairs, and
    `notes`.
    """
    if request.GET.get("format") == "csv":
        return download(
            b"".join(csv_bytes(lines_of(panels))), name=f"{title}.csv", media_type="text/csv; charset=utf-8"
        )
    asked = request.GET.copy()
    asked["format"] = "csv"
    shown = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": title,
        "panels": panels,
        **context,
        "links": [*context.get("links", ()), *([(_("Export as CSV"), f"?{asked.urlencode()}")] if panels else [])],
    }
    return TemplateResponse(request, "admin/panels/page.html", shown)


def download(content: bytes, *, name: str, media_type: str) -> HttpResponse:
    """A file to keep."""
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(content, content_type=media_type, headers=headers)


def found_or_404(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """The object that an address of the admin names; no object when it names none, whatever it is made of."""
    found = model_admin.get_object(request, object_id)
    if found is None:
        raise Http404
    return found


def staff(request: HttpRequest) -> Actor:
    return Actor.staff(request.user.get_username())
