"""What is to be told to WeChat about a payment now: read from the order and its parcels as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from logistics.allocation.queries import units_withdrawn
from logistics.shipments.models import Shipment, ShipmentStatus
from members.identity.phones import mask_phone
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.fulfilment.queries import units_under_way
from orders.wechat_shipping.codes import WITH_CONTACT, code_of
from orders.wechat_shipping.errors import CarrierUnknownToWechat
from orders.wechat_shipping.models import ShippingUpload
from shop.catalog.models import Product
from shop.core.clock import SHANGHAI

EXPRESS, VIRTUAL, PICKUP = 1, 3, 4
UNIFIED, SPLIT = 1, 2
LONGEST_DESCRIPTION, MOST_PARCELS = 120, 10
ARRIVED = (OrderStatus.DELIVERED, OrderStatus.COMPLETED)

Parcel = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """One call: `parcels` are told, and `is_last` says that no others follow."""

    kind: int
    parcels: tuple[Parcel, ...]
    splits: bool
    is_last: bool

    @property
    def tracked(self) -> list[dict[str, str]]:
        """What is remembered of the parcels."""
        return [
            {"carrier": each.get("express_company", ""), "tracking_number": each.get("tracking_no", "")}
            for each in self.parcels
        ]

    def body(self, upload: ShippingUpload, *, now: datetime) -> dict[str, Any]:
        """As `upload_shipping_info` takes it."""
        payment = upload.payment
        body: dict[str, Any] = {
            "order_key": {"order_number_type": 2, "transaction_id": payment.transaction_id},
            "logistics_type": self.kind,
            "delivery_mode": SPLIT if self.splits else UNIFIED,
            "shipping_list": list(self.parcels),
            "upload_time": now.astimezone(SHANGHAI).isoformat(timespec="milliseconds"),
            "payer": {"openid": payment.payer_openid},
        }
        return {**body, "is_all_delivered": self.is_last} if self.splits else body


def plan(upload: ShippingUpload) -> Plan | None:
    """None while there is nothing to tell. Raises CarrierUnknownToWechat."""
    order = upload.payment.order
    lines = list(order.lines.select_related("product").order_by("position"))
    if order.pickup_store_id is not None:
        return _without_parcels(order, lines, PICKUP)
    if all(line.product.kind != Product.Kind.GOODS for line in lines):
        return _without_parcels(order, lines, VIRTUAL)
    return _by_express(upload, order, lines)


def has_wrong_number(upload: ShippingUpload) -> bool:
    """Whether WeChat was told a tracking number that none of the order's parcels has any more."""
    sent = {each["tracking_number"] for each in upload.sent} - {""}
    parcels = Shipment.objects.filter(order_number=upload.payment.order.number).exclude(status=ShipmentStatus.CANCELLED)
    return not sent <= set(parcels.values_list("tracking_number", flat=True))


def _without_parcels(order: Order, lines: Sequence[OrderLine], kind: int) -> Plan | None:
    if order.status not in ARRIVED:
        return None
    return Plan(kind, ({"item_desc": _described([line.product_name for line in lines])},), splits=False, is_last=True)


def _by_express(upload: ShippingUpload, order: Order, lines: Sequence[OrderLine]) -> Plan | None:
    travelling = Shipment.objects.filter(order_number=order.number, shipped_at__isnull=False)
    travelling = travelling.exclude(status=ShipmentStatus.CANCELLED).select_related("carrier")
    names = {line.sku_id: line.product_name for line in lines}
    parcels = [_parcel(each, names) for each in travelling.prefetch_related("lines").order_by("shipped_at", "pk")]
    wanted = sum(line.quantity for line in lines) - units_withdrawn(order_number=order.number)
    all_travel = units_under_way(order_number=order.number)[0] >= wanted
    if upload.corrects:
        return _plan(parcels[:MOST_PARCELS], splits=len(parcels) > 1, is_last=True)
    known = {each["tracking_number"] for each in upload.sent}
    new = [each for each in parcels if each["tracking_no"] not in known]
    splits = bool(known) or len(parcels) > 1 or not all_travel
    # When the rest was refunded there is no new parcel to say so with: the last one is told again.
    told = new[:MOST_PARCELS] or (parcels[-1:] if all_travel else [])
    return _plan(told, splits=splits, is_last=all_travel and len(new) <= MOST_PARCELS)


def _plan(parcels: Sequence[Parcel], *, splits: bool, is_last: bool) -> Plan | None:
    return Plan(EXPRESS, tuple(parcels), splits=splits, is_last=is_last) if parcels else None


def _parcel(shipment: Shipment, names: Mapping[int, str]) -> Parcel:
    code = code_of(shipment.carrier)
    if not code:
        raise CarrierUnknownToWechat(carrier=str(shipment.carrier or "–"))
    parcel: dict[str, Any] = {
        "tracking_no": shipment.tracking_number,
        "express_company": code,
        "item_desc": _described([names.get(line.sku_id, "") for line in shipment.lines.all()]),
    }
    phone = str((shipment.recipient or {}).get("phone", ""))
    if code in WITH_CONTACT and phone:
        parcel["contact"] = {"receiver_contact": mask_phone(phone)}
    return parcel


def _described(names: Sequence[str]) -> str:
    text = "；".join(dict.fromkeys(name for name in names if name))
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"
