"""Shipping told to WeChat: orders paid, packed and shipped for real, and what the sandbox's WeChat then knows."""

from threading import Barrier

import pytest
from django.db import transaction
from django.urls import reverse

from logistics.allocation.services import reduce_fulfilment
from logistics.network.tests.factories import CLERK, make_store
from logistics.shipments.models import Shipment
from logistics.shipments.services import ship
from logistics.shipments.tests.factories import make_carrier
from members.identity.tests.factories import MemberFactory
from orders.checkout.models import Order, OrderStatus
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.payments.models import Payment
from orders.payments.tests.factories import make_order
from orders.wechat_shipping import services
from orders.wechat_shipping.errors import NothingToSendAgain
from orders.wechat_shipping.models import CarrierCode, ShippingUpload
from orders.wechat_shipping.services import note_parcels, send, send_again, send_due
from orders.wechat_shipping.tests.making import known, later, one_parcel, send_off, switch, two_parcels, upload_of
from orders.wechat_shipping.watching import watch
from shop.catalog.models import Product
from shop.core import clock
from shop.core.models import Alert, OutboxEntry
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_parcel_is_told_whole_as_soon_as_it_travels(outside, carrier):
    payment = one_parcel(outside)
    assert not ShippingUpload.objects.exists()
    (shipment,) = send_off(payment)
    state, shipping = known(payment)
    assert (state, shipping["delivery_mode"], shipping["logistics_type"]) == (2, 1, 1)
    name = payment.order.lines.get().product_name
    assert shipping["shipping_list"] == [
        {"tracking_no": shipment.tracking_number, "express_company": "ZTO", "item_desc": name}
    ]
    upload = upload_of(payment)
    assert (upload.status, upload.due_at, upload.leased_until, upload.tries) == ("done", None, None, 0)
    assert upload.sent == [{"carrier": "ZTO", "tracking_number": shipment.tracking_number}]


def test_several_parcels_are_told_one_by_one_and_the_last_says_so(outside, carrier):
    payment = two_parcels(outside)
    told = []
    for shipment in send_off(payment):
        state, shipping = known(payment)
        told.append((state, shipping["delivery_mode"], len(shipping["shipping_list"]), upload_of(payment).status))
        assert shipment.tracking_number in str(shipping)
    assert told == [(1, 2, 1, "partly"), (2, 2, 2, "done")]


def test_when_the_rest_is_refunded_what_was_sent_is_the_whole(outside, carrier):
    payment = two_parcels(outside)
    next(send_off(payment))
    left = Shipment.objects.latest("pk").lines.get()
    with transaction.atomic():
        reduce_fulfilment(order_number=payment.order.number, items={left.sku_id: 1}, now=clock.now())
    assert known(payment)[0] == 1
    note_in_transaction(payment)
    deliver_facts()
    assert (known(payment)[0], upload_of(payment).status) == (2, "done")
    assert len(known(payment)[1]["shipping_list"]) == 1


def note_in_transaction(payment, now=None):
    with transaction.atomic():
        note_parcels(order_number=payment.order.number, now=now or clock.now())


def test_sf_gets_a_masked_phone(outside):
    make_carrier("SF")
    payment = one_parcel(outside)
    assert list(send_off(payment))
    (parcel,) = known(payment)[1]["shipping_list"]
    assert parcel["express_company"] == "SF"
    phone = payment.order.recipient["phone"]
    assert parcel["contact"] == {"receiver_contact": f"{phone[3:6]}****{phone[-4:]}"}


def test_what_is_picked_up_and_what_is_virtual_is_told_when_it_has_arrived(outside, carrier):
    store = make_store()
    picked = one_parcel(outside, pickup_store=store)
    virtual = one_parcel(outside)
    Product.objects.filter(pk=virtual.order.lines.get().product_id).update(kind="virtual")
    note_in_transaction(picked)
    deliver_facts()
    assert known(picked) == (1, None)
    Order.objects.update(status=OrderStatus.COMPLETED)
    for payment, kind in ((picked, 4), (virtual, 3)):
        note_in_transaction(payment)
        deliver_facts()
        state, shipping = known(payment)
        assert (state, shipping["logistics_type"], list(shipping["shipping_list"][0])) == (2, kind, ["item_desc"])


def test_an_order_that_wechat_did_not_take_the_money_of_is_none_of_its_business(outside, carrier, settings):
    payment = one_parcel(outside)
    Payment.objects.filter(pk=payment.pk).update(method="alipay")
    assert list(send_off(payment))
    assert not ShippingUpload.objects.exists()
    Payment.objects.filter(pk=payment.pk).update(method="wechat")
    switch(False)
    assert watch(now=later()) == {"started": 0, "late": 0}
    assert not ShippingUpload.objects.exists()


@pytest.mark.parametrize("after", [False, True])
def test_a_call_that_fails_is_made_again_and_told_once(outside, carrier, after):
    payment = one_parcel(outside)
    outside.fault("shipping_info", "500", times=2, after=after)
    assert list(send_off(payment))
    upload = upload_of(payment)
    assert (upload.status, upload.tries, upload.code, known(payment)[0]) == (
        "waiting",
        1,
        "http_500",
        2 if after else 1,
    )
    assert send_due(now=later(0)) == {"tried": 0, "sent": 0}
    assert send_due(now=later(2)) == {"tried": 1, "sent": 0}
    assert upload_of(payment).tries == 2
    assert send_due(now=later(5)) == {"tried": 1, "sent": 1}
    upload = upload_of(payment)
    assert (upload.status, upload.tries, upload.code, known(payment)[0]) == ("done", 0, "", 2)
    assert known(payment)[1]["finish_shipping_count"] == 1
    assert OutboxEntry.objects.filter(fact="ShippingInfoDue").exclude(status="done").count() == 0


def test_one_that_nobody_can_make_sense_of_holds_up_no_other(outside, carrier, monkeypatch):
    odd, plain = one_parcel(outside), one_parcel(outside)
    outside.fault("shipping_info", "500", times=2)
    assert list(send_off(odd))
    assert list(send_off(plain))
    make_plan = services.plan

    def stumble(upload):
        if upload.pk == odd.pk:
            raise KeyError("nobody has thought of this")
        return make_plan(upload)

    with monkeypatch.context() as stumbling:
        stumbling.setattr(services, "plan", stumble)
        with pytest.raises(ExceptionGroup, match=str(odd.pk)):
            send_due(now=later(5))
    assert (known(odd)[0], known(plain)[0]) == (1, 2)
    assert send_due(now=later(60)) == {"tried": 1, "sent": 1}
    assert known(odd)[0] == 2


@pytest.mark.parametrize("code", ["10060012", "10060001"])
def test_what_may_pass_is_tried_again(outside, carrier, code):
    payment = one_parcel(outside)
    outside.fault("shipping_info", code)
    assert list(send_off(payment))
    assert (upload_of(payment).status, upload_of(payment).code) == ("waiting", code)
    assert send_due(now=later(2)) == {"tried": 1, "sent": 1}
    assert known(payment)[0] == 2


def test_a_payment_that_stays_unknown_is_given_up_with_an_alarm(outside, carrier):
    payment = one_parcel(outside)
    outside.fault("shipping_info", "10060001", times=20)
    assert list(send_off(payment))
    for hours in range(1, 12):
        send_due(now=later(hours=hours))
    upload = upload_of(payment)
    assert (upload.status, upload.tries, upload.code) == ("refused", 9, "10060001")


def test_what_wechat_refuses_for_good_waits_for_a_person_with_an_alarm(outside, carrier, admin_client):
    payment = one_parcel(outside)
    outside.fault("shipping_info", "10060014")
    assert list(send_off(payment))
    assert (upload_of(payment).status, upload_of(payment).code) == ("refused", "10060014")
    alert = Alert.objects.get(cause="wechat_shipping:refused")
    assert (alert.data["count"], alert.permission) == (1, "wechat_shipping.view_shippingupload")
    assert send_due(now=later(hours=9)) == {"tried": 0, "sent": 0}
    assert admin_client.get(alert.link).content.decode().count(payment.order.number) >= 1
    page = reverse("admin:wechat_shipping_shippingupload_change", args=[payment.pk]).replace("change/", "send-again/")
    assert admin_client.get(page).status_code == 200
    admin_client.post(page)
    deliver_facts()
    assert (upload_of(payment).status, known(payment)[0]) == ("done", 2)
    assert not Alert.objects.filter(cause="wechat_shipping:refused").exists()
    with pytest.raises(NothingToSendAgain):
        send_again(payment_id=payment.pk, now=clock.now())


def test_a_carrier_that_wechat_does_not_know_is_named(outside):
    carrier = make_carrier("LANTERN")
    payment = one_parcel(outside)
    assert list(send_off(payment))
    upload = upload_of(payment)
    assert (upload.status, upload.code) == ("refused", "carrier_unknown_to_wechat")
    assert "LANTERN" in upload.note
    assert known(payment) == (1, None)
    CarrierCode.objects.create(carrier=carrier, code="LTN")
    send_again(payment_id=payment.pk, now=clock.now())
    deliver_facts()
    assert known(payment)[1]["shipping_list"][0]["express_company"] == "LTN"


@pytest.mark.parametrize("guarded", [True, False])
def test_many_workers_tell_once(outside, carrier, guarded, monkeypatch):
    payment = one_parcel(outside)
    outside.fault("shipping_info", "500")
    assert list(send_off(payment))
    calls = []
    real = services.post_with_token
    monkeypatch.setattr(services, "post_with_token", lambda *told: calls.append(told) or real(*told))
    if not guarded:
        barrier = Barrier(6, timeout=30)
        monkeypatch.setattr(services, "_lease", lambda *_: barrier.wait() >= 0)
    now = later(2)
    answers = run_together(*[lambda: send(payment_id=payment.pk, now=now)] * 6)
    assert (len(calls), answers.count(True)) == ((1, 1) if guarded else (6, 6))
    assert known(payment)[1]["finish_shipping_count"] == 1


def test_what_a_killed_worker_left_is_taken_up_again(outside, carrier, monkeypatch):
    payment = one_parcel(outside)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(services, "post_with_token", die)
        with pytest.raises(KeyboardInterrupt):
            list(send_off(payment))
    assert upload_of(payment).leased_until is not None
    assert send_due(now=later(0)) == {"tried": 0, "sent": 0}
    assert send_due(now=later(2)) == {"tried": 1, "sent": 1}
    assert known(payment)[0] == 2


def test_a_parcel_that_leaves_during_a_call_is_not_forgotten(outside, carrier, monkeypatch):
    payment = two_parcels(outside)
    first, second = Shipment.objects.order_by("pk")
    real = services.post_with_token

    def slowly(*told):
        answer = real(*told)
        ship(shipment_number=second.number, actor=CLERK, now=clock.now())
        note_in_transaction(payment)
        return answer

    with monkeypatch.context() as during:
        during.setattr(services, "post_with_token", slowly)
        ship(shipment_number=first.number, actor=CLERK, now=clock.now())
        note_in_transaction(payment)
        assert send(payment_id=payment.pk, now=later(1))
    assert (upload_of(payment).status, upload_of(payment).due_at is not None) == ("partly", True)
    assert send(payment_id=payment.pk, now=later(1))
    assert (known(payment)[0], len(upload_of(payment).sent)) == (2, 2)


def test_what_was_missed_is_found_and_what_hangs_raises_an_alarm(outside, carrier):
    payment = one_parcel(outside)
    outside.fault("shipping_info", "500", times=3)
    switch(False)
    assert list(send_off(payment))
    assert not ShippingUpload.objects.exists()
    switch(True)
    assert watch(now=later()) == {"started": 1, "late": 0}
    deliver_facts()
    assert upload_of(payment).tries == 1
    assert watch(now=later(hours=11)) == {"started": 0, "late": 0}
    assert watch(now=later(hours=13)) == {"started": 0, "late": 1}
    assert Alert.objects.get(cause="wechat_shipping:late").data == {"count": 1, "hours": 12}
    for minutes in (10, 30, 60, 120):
        send_due(now=later(minutes))
    assert known(payment)[0] == 2
    watch(now=later(hours=14))
    assert not Alert.objects.filter(cause="wechat_shipping:late").exists()


def test_the_list_costs_the_same_however_long(admin_client, django_assert_max_num_queries):
    for count in (1, 5):
        for _ in range(count):
            order = make_order(MemberFactory())
            number = f"P{order.pk}"
            payment = Payment.objects.create(
                number=number, order=order, method="wechat", amount_fen=9900, created_at=clock.now()
            )
            ShippingUpload.objects.create(payment=payment, created_at=clock.now(), due_at=clock.now())
        with django_assert_max_num_queries(12):
            assert admin_client.get("/admin/wechat_shipping/shippingupload/").status_code == 200
