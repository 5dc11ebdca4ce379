"""What staff did about after-sales, by the history that each of them keeps."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.after_sales.models import AfterSale, AfterSaleEvent
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_event(event: AfterSaleEvent, known: Any) -> Deed:
    return Deed(
        at=event.happened_at,
        actor=actor_in_words(event.actor),
        what=_("Moved"),
        object=event.after_sale.number,
        link=address_of(AfterSale, event.after_sale_id),
        after=event.get_status_display(),
        reason=event.note,
    )


TRAILS = (
    Trail(
        name="after_sale",
        label=_("After-sales"),
        permission="after_sales.view_aftersale",
        rows=lambda: AfterSaleEvent.objects.select_related("after_sale"),
        at="happened_at",
        by="actor",
        number="after_sale__number",
        present=_of_event,
    ),
)
