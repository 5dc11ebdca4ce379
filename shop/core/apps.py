from django.apps import AppConfig
from django.urls import register_converter
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from shop.celery import app as celery_app
from shop.core.api.paths import NumberConverter


class CoreConfig(AppConfig):
    name = "shop.core"
    label = "core"
    verbose_name = _("System")

    def ready(self) -> None:
        # Here and not in `shop/__init__.py`, which the sandbox imports too and which knows nothing of Celery.
        celery_app.set_default()
        register_converter(NumberConverter, "number")
        autodiscover_modules("subscribers", "tasks", "jobs", "preferences")
