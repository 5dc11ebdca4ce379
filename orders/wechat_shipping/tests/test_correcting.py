"""WeChat takes one correction of what it was told."""

import pytest

from logistics.network.tests.factories import CLERK
from logistics.shipments.services import correct_tracking
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.wechat_shipping.errors import NothingToCorrect
from orders.wechat_shipping.models import ShippingUpload
from orders.wechat_shipping.services import correct
from orders.wechat_shipping.tests.making import known, one_parcel, send_off, upload_of
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def retype(shipment, tracking_number):
    correct_tracking(
        shipment_number=shipment.number,
        carrier_id=shipment.carrier_id,
        tracking_number=tracking_number,
        actor=CLERK,
        now=clock.now(),
    )


def test_a_wrong_number_is_corrected_once(outside, carrier):
    payment = one_parcel(outside)
    (shipment,) = send_off(payment)
    retype(shipment, "ZT0000000001")
    correct(payment_id=payment.pk, now=clock.now())
    with pytest.raises(NothingToCorrect):
        correct(payment_id=payment.pk, now=clock.now())
    deliver_facts()
    upload = upload_of(payment)
    assert (upload.status, upload.corrects, upload.sent) == (
        "done",
        False,
        [{"carrier": "ZTO", "tracking_number": "ZT0000000001"}],
    )
    assert upload.corrected_at is not None
    (parcel,) = known(payment)[1]["shipping_list"]
    assert (parcel["tracking_no"], known(payment)[1]["finish_shipping_count"]) == ("ZT0000000001", 2)
    with pytest.raises(NothingToCorrect):
        correct(payment_id=payment.pk, now=clock.now())
    # Whoever forgets that the chance is used up hears it from WeChat, and what was sent stays.
    ShippingUpload.objects.update(corrected_at=None)
    retype(shipment, "ZT0000000002")
    correct(payment_id=payment.pk, now=clock.now())
    deliver_facts()
    assert (upload_of(payment).status, upload_of(payment).code) == ("done", "10060003")
    assert known(payment)[1]["shipping_list"] == [parcel]


def test_a_corrected_number_is_told_without_anybody_asking(outside, carrier):
    payment = one_parcel(outside)
    (shipment,) = send_off(payment)
    deliver_facts()
    retype(shipment, "ZT0000000001")
    deliver_facts()
    assert upload_of(payment).sent == [{"carrier": "ZTO", "tracking_number": "ZT0000000001"}]
    # The chance is used up: what WeChat was told stays until somebody decides.
    retype(shipment, "ZT0000000002")
    deliver_facts()
    assert known(payment)[1]["shipping_list"][0]["tracking_no"] == "ZT0000000001"
