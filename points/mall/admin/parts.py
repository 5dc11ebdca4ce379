"""Rows that are edited with what they belong to, by whoever may edit that."""

from typing import Any

from django.http import HttpRequest


class PartInlineMixin:
    """For an inline of rows that have no screen of their own."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change") or self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def _may(self, request: HttpRequest, verb: str) -> bool:
        meta = self.parent_model._meta  # type: ignore[attr-defined]
        return request.user.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}")
