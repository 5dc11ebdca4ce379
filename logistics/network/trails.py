"""Stock that staff booked by hand."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.network.models import StockMovement
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_movement(movement: StockMovement, known: Any) -> Deed:
    return Deed(
        at=movement.created_at,
        actor=actor_in_words(movement.actor),
        what=movement.get_kind_display(),
        object=f"{movement.sku.code} · {movement.warehouse}",
        link=address_of(StockMovement, movement.pk),
        after=f"{movement.quantity:+,}",
        reason=movement.reason,
    )


TRAILS = (
    Trail(
        name="stock",
        label=_("Stock movements"),
        permission="network.view_stockmovement",
        rows=lambda: StockMovement.objects.select_related("sku", "warehouse"),
        at="created_at",
        by="actor",
        number="sku__code",
        present=_of_movement,
    ),
)
