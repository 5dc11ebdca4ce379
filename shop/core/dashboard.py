"""The admin's home: panels of the rooms, in the order of `settings.DASHBOARD_PANELS`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    panels = [import_string(path)(request) for path in settings.DASHBOARD_PANELS]
    return {**context, "panels": [panel for panel in panels if panel is not None]}
