"""WeChat takes one correction of what it was told."""

import pytest
from django.db import transaction

from logistics.network.tests.factories import CLERK
from logistics.shipments.services import correct_tracking
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.payments.models import Payment
from orders.wechat_shipping.errors import NothingToCorrect
from orders.wechat_shipping.models import ShippingUpload
from orders.wechat_shipping.services import correct, note_correction
from orders.wechat_shipping.tests.making import known, one_parcel, send_off, two_parcels, upload_of
from shop.core import clock
from shop.core.models import OutboxEntry

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
    assert_all_delivered()


def assert_all_delivered():
    told = OutboxEntry.objects.filter(subscriber__endswith="parcel_was_another")
    assert set(told.values_list("status", flat=True)) == {"done"}


def test_a_wrong_number_of_a_parcel_before_the_last_is_corrected_with_the_last(outside, carrier):
    payment = two_parcels(outside)
    off = send_off(payment)
    first = next(off)
    wrong = first.tracking_number
    retype(first, "ZT0000000001")
    deliver_facts()
    # WeChat only adds while parcels are to come.
    assert [each["tracking_no"] for each in known(payment)[1]["shipping_list"]] == [wrong, "ZT0000000001"]
    assert (upload_of(payment).status, upload_of(payment).corrected_at) == ("partly", None)
    second = next(off)
    deliver_facts()
    told = [each["tracking_no"] for each in known(payment)[1]["shipping_list"]]
    assert sorted(told) == sorted(["ZT0000000001", second.tracking_number])
    upload = upload_of(payment)
    assert (upload.status, upload.corrects, upload.corrected_at is not None) == ("done", False, True)
    assert_all_delivered()


def test_a_payment_whose_chance_is_used_up_holds_up_no_other(outside, carrier):
    payment = one_parcel(outside)
    (shipment,) = send_off(payment)
    deliver_facts()
    ShippingUpload.objects.filter(pk=payment.pk).update(corrected_at=clock.now())
    Payment.objects.filter(pk=payment.pk).update(part="deposit")
    balance = Payment.objects.create(
        number="PBALANCE",
        order=payment.order,
        method="wechat",
        part="balance",
        status="succeeded",
        amount_fen=1,
        settles_order=True,
        transaction_id="TBALANCE",
        created_at=clock.now(),
        succeeded_at=clock.now(),
    )
    ShippingUpload.objects.create(
        payment=balance, status="done", created_at=clock.now(), finished_at=clock.now(), sent=upload_of(payment).sent
    )
    with transaction.atomic():
        note_correction(order_number=payment.order.number, now=clock.now())
    assert [upload_of(payment).corrects, upload_of(balance).corrects] == [False, True]
    retype(shipment, "ZT0000000001")
    deliver_facts()
    assert upload_of(payment).status == "done"
    assert_all_delivered()
