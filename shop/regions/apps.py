from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from shop.regions.services import load_after_migrate


class RegionsConfig(AppConfig):
    name = "shop.regions"
    label = "regions"
    verbose_name = _("Regions")

    def ready(self) -> None:
        post_migrate.connect(load_after_migrate, sender=self)
