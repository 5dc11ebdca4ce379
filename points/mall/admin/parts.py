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
