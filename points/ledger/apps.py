from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from points.ledger.defaults import create_after_migrate


class LedgerConfig(AppConfig):
    name = "points.ledger"
    label = "ledger"
    verbose_name = _("Points")

    def ready(self) -> None:
        post_migrate.connect(create_after_migrate, sender=self)
