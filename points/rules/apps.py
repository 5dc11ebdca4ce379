from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from points.rules.defaults import create_after_migrate


class RulesConfig(AppConfig):
    name = "points.rules"
    label = "rules"
    verbose_name = _("Earning rules")

    def ready(self) -> None:
        post_migrate.connect(create_after_migrate, sender=self)
