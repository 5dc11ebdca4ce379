"""The mechanisms that stand in the frame: `settings.CAMPAIGN_MODELS` lists their models by dotted path, in order."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from promotions.campaigns.models import Campaign
from promotions.campaigns.stacking import MECHANISMS
from shop.core.errors import NotFound


def campaign_models() -> list[type[Campaign]]:
    return [import_string(path) for path in settings.CAMPAIGN_MODELS]


def mechanism_label(name: str) -> Any:
    """What people call a mechanism, or the kind of a campaign; the name itself where neither knows it."""
    known: dict[str, Any] = {model.KIND: model._meta.verbose_name for model in campaign_models()}
    return (known | dict(MECHANISMS)).get(name, name)


def model_of(kind: str) -> type[Campaign]:
    """Raises NotFound for a kind that no mechanism has."""
    found = next((model for model in campaign_models() if kind == model.KIND), None)
    if found is None:
        raise NotFound
    return found
