"""What becomes true about parcels."""

from datetime import datetime

from shop.core.events import Fact


class ShipmentPlanned(Fact, frozen=True):
    """A parcel has its warehouse and carrier and needs a waybill."""

    shipment_number: str
    order_number: str
    at: datetime


class ShipmentShipped(Fact, frozen=True):
    shipment_number: str
    order_number: str
    at: datetime


class ShipmentDelivered(Fact, frozen=True):
    shipment_number: str
    order_number: str
    at: datetime


class TrackingNumberEntered(Fact, frozen=True):
    """Staff gave a parcel a number that its courier did not give us: nothing is reported of it unless we ask for it.

    `corrects`: the parcel had left under a wrong one.
    """

    shipment_number: str
    order_number: str
    corrects: bool
    at: datetime


class WaybillVoided(Fact, frozen=True):
    """A waybill exists for a parcel that will not be sent: the courier must not come for it."""

    shipment_number: str
    tracking_number: str
    at: datetime
