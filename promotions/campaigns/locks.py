"""Campaign rows, in the order of the lock list: after orders and payments, before point accounts and stock."""

from typing import TypeVar

from promotions.campaigns.models import Campaign

C = TypeVar("C", bound=Campaign)


def lock_campaign(model: type[C], pk: int) -> C:
    """Raises the model's DoesNotExist."""
    return model._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=pk)
