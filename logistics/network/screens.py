"""Pages of the admin that hold one form and call one service."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from shop.core.actors import Actor


def form_page(
    model_admin: ModelAdmin, request: HttpRequest, *, form: forms.Form, title: Any, **context: Any
) -> HttpResponse:
    """`context` may hold `buttons`, (value, label) pairs of submit buttons, and `table`, a unfold table of findings."""
    return TemplateResponse(
        request,
        "admin/logistics/form.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.model._meta,
            "title": title,
            "form": form,
            **context,
        },
    )


def staff(request: HttpRequest) -> Actor:
    return Actor.staff(request.user.get_username())
