from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from members.tiers.defaults import create_after_migrate


class TiersConfig(AppConfig):
    name = "members.tiers"
    label = "tiers"
    verbose_name = _("Tiers")

    def ready(self) -> None:
        post_migrate.connect(create_after_migrate, sender=self)
