"""The Celery application; settings carry the `CELERY_` prefix, tasks live in each room's `tasks.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.base")

app = Celery("lantern")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def check_connection(**_told: Any) -> None:
    """As before a web request: a connection that outlived its time or its server is replaced, the others are kept."""
    close_old_connections()
