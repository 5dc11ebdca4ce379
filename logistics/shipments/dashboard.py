"""Parcels on the warehouse's home: what left today, and what is on its way."""

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from logistics.shipments.models import Shipment
from logistics.shipments.piles import in_pile
from logistics.shipments.services import BEFORE_SHIPPING
from shop.core import clock
from shop.core.clock import business_day, day_bounds
from shop.core.dashboard import Figure, FiguresPanel


def today_panel(request: HttpRequest) -> FiguresPanel | None:
    """For those who hand parcels over."""
    if not request.user.has_perm("shipments.change_shipment"):
        return None
    now = clock.now()
    start, end = day_bounds(business_day(now))
    today = Shipment.objects.filter(Q(shipped_at__gte=start, shipped_at__lt=end)).aggregate(
        parcels=Count("pk"), orders=Count("order_number", distinct=True)
    )
    delivered = Shipment.objects.filter(delivered_at__gte=start, delivered_at__lt=end).count()
    left = Shipment.objects.filter(status__in=BEFORE_SHIPPING).aggregate(
        parcels=Count("pk"), waybills=Count("pk", filter=~Q(tracking_number=""))
    )
    under_way = in_pile(Shipment.objects.all(), "under_way", now=now).count()
    link = reverse("admin:shipments_shipment_changelist")
    return FiguresPanel(
        title=_("Parcels today"),
        figures=[
            Figure(_("Left today"), f"{today['parcels']:,}", note=_("of {count} orders").format(count=today["orders"])),
            Figure(
                _("Still to ship"),
                f"{left['parcels']:,}",
                note=_("{count} with a waybill").format(count=left["waybills"]),
                link=f"{link}?work=to_ship",
            ),
            Figure(_("On the way"), f"{under_way:,}", link=f"{link}?work=under_way"),
            Figure(_("Delivered today"), f"{delivered:,}"),
        ],
    )
