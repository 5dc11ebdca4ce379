from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from promotions.distribution.defaults import create_after_migrate


class DistributionConfig(AppConfig):
    name = "promotions.distribution"
    label = "distribution"
    verbose_name = _("Distribution")

    def ready(self) -> None:
        post_migrate.connect(create_after_migrate, sender=self)
