from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "members.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        # By name: what seeds the templates needs the models, which are not there yet when this module is read.
        seed = import_string("members.notifications.services.templates.seed_after_migrate")
        post_migrate.connect(seed, sender=self)
