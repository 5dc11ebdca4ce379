from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from points.tasks.defaults import create_after_migrate


class TasksConfig(AppConfig):
    name = "points.tasks"
    label = "tasks"
    verbose_name = _("Check-in and tasks")

    def ready(self) -> None:
        post_migrate.connect(create_after_migrate, sender=self)
