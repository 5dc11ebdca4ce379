"""What the screens of the points mall have in common."""

from typing import Any

from django.db import connection
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class LockedWhileSavedMixin(ModelAdmin):
    """Members move the counts of such a row meanwhile: what is saved was read under its lock."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST" or not connection.in_atomic_block:
            return found
        self.model._default_manager.select_for_update(no_key=True).get(pk=found.pk)
        return super().get_object(request, object_id, from_field)


class PartInlineMixin:
    """For an inline of rows that have no screen of their own: whoever may edit what they belong to edits them."""

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
