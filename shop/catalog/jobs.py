"""Scheduled work of the catalogue."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from shop.catalog.replenishment import low_stock
from shop.catalog.services.import_files import forget_old_files
from shop.core.alerts import clear_alert, raise_alert
from shop.core.jobs import Effect, job

LOW_STOCK_CAUSE = "catalog.low_stock"


@job("catalog.low_stock", every=timedelta(minutes=5))
def alert_low_stock(now: datetime) -> Effect:
    """Keep the alert of SKUs that run low true: raised while there are some, gone when there are none."""
    count = low_stock().count()
    if count:
        raise_alert(
            cause=LOW_STOCK_CAUSE,
            message=gettext_noop("{count} SKUs on the shelf run low"),
            data={"count": count},
            link="/admin/catalog/skustock/?level=low",
            permission="catalog.view_skustock",
            now=now,
        )
    else:
        clear_alert(cause=LOW_STOCK_CAUSE)
    return {"low": count}


@job("catalog.forget_import_files", at=(4, 20))
def forget_import_files(now: datetime) -> Effect:
    return {"forgotten": forget_old_files(now=now)}
