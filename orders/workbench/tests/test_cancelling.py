"""Cancelling many unpaid orders: asked first, one by one in the background, twice the same as once."""

import pytest

from orders.checkout.models import Order
from orders.payments.services.opening import start_payment
from orders.workbench.errors import NothingToCancel, TooManyOrders
from orders.workbench.models import BulkWork
from orders.workbench.services import cancelling, working, writing_down
from orders.workbench.services.cancelling import choose_to_cancel
from orders.workbench.services.working import carry_on, start_work, stop_work, work_on
from orders.workbench.tests.making import LIST, STAFF, clerk, order_of, owner, pay, seated
from shop.core import clock
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
WORKS = "/admin/workbench/bulkwork/"


def begun(*orders):
    chosen = Order.objects.filter(pk__in=[order.pk for order in orders])
    work = choose_to_cancel(orders=chosen, actor=STAFF, now=clock.now())
    return start_work(work_id=work.pk, actor=STAFF, now=clock.now())


def outcome(work):
    work.refresh_from_db()
    return work.status, work.total, work.done, work.failed


def statuses():
    return list(Order.objects.order_by("pk").values_list("status", flat=True))


def test_the_chosen_are_counted_before_any_is_cancelled_and_the_paid_are_refused_with_the_reason():
    desk = seated(owner())
    unpaid, paid, gone = order_of(), order_of(), order_of()
    pay(paid)
    carry_on(work_id=begun(gone).pk)
    pks = [unpaid.pk, paid.pk, gone.pk]
    asked = desk.post(LIST, {"action": "cancel_unpaid", "_selected_action": pks}, follow=True)
    assert "Cancel 2 orders?" in asked.content.decode()
    assert statuses() == ["pending_payment", "paid", "cancelled"]
    work = BulkWork.objects.latest("pk")
    desk.post(asked.request["PATH_INFO"])
    carry_on(work_id=work.pk)
    assert statuses() == ["cancelled", "paid", "cancelled"]
    assert outcome(work) == ("done", 2, 1, 1)
    assert Order.objects.get(pk=unpaid.pk).events.last().actor == "staff:owner"
    page = desk.get(f"{WORKS}{work.pk}/change/").content.decode()
    for told in ("1 of 2 cancelled, 1 refused", paid.number, "Only an unpaid order can be cancelled."):
        assert told in page
    failures = b"".join(desk.get(f"{WORKS}{work.pk}/failures/").streaming_content).decode()
    assert paid.number in failures
    assert unpaid.number not in failures


def test_all_that_match_are_chosen_from_the_list():
    orders = [order_of() for _ in range(3)]
    desk = seated(owner())
    chosen = {"action": "cancel_unpaid", "_selected_action": [orders[0].pk], "select_across": "1"}
    assert "Cancel 3 orders?" in desk.post(LIST, chosen, follow=True).content.decode()


def test_none_or_too_many_are_refused_and_leave_nothing_behind(monkeypatch):
    orders = [order_of() for _ in range(3)]
    for module in (cancelling, writing_down):
        monkeypatch.setattr(module, "MOST", 2)
    with pytest.raises(TooManyOrders):
        choose_to_cancel(orders=Order.objects.all(), actor=STAFF, now=clock.now())
    carry_on(work_id=begun(*orders[:2]).pk)
    desk = seated(owner())
    told = desk.post(LIST, {"action": "cancel_unpaid", "_selected_action": [orders[0].pk]}, follow=True)
    assert "These orders are all cancelled already." in told.content.decode()
    with pytest.raises(NothingToCancel):
        choose_to_cancel(orders=Order.objects.filter(pk=orders[1].pk), actor=STAFF, now=clock.now())
    assert BulkWork.objects.count() == 1


def test_a_stopped_work_leaves_the_rest_and_goes_on_where_it_stopped():
    work = begun(order_of(), order_of())
    first, second = work.items.order_by("row").values_list("pk", flat=True)
    work_on(item_id=first, now=clock.now())
    stop_work(work_id=work.pk, actor=STAFF)
    work_on(item_id=second, now=clock.now())
    assert (statuses(), outcome(work)) == (["cancelled", "pending_payment"], ("stopped", 2, 1, 0))
    start_work(work_id=work.pk, actor=STAFF, now=clock.now())
    carry_on(work_id=work.pk)
    assert (statuses(), outcome(work)) == (["cancelled", "cancelled"], ("done", 2, 2, 0))


def test_a_worker_that_dies_between_the_cancellation_and_its_record_leaves_it_to_the_next(monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_arguments):
        raise Killed

    work = begun(order_of())
    item = work.items.get()
    with monkeypatch.context() as dying:
        dying.setattr(working, "_record", die)
        with pytest.raises(Killed):
            work_on(item_id=item.pk, now=clock.now())
    assert (statuses(), outcome(work)) == (["cancelled"], ("running", 1, 0, 0))
    carry_on(work_id=work.pk)
    assert outcome(work) == ("done", 1, 1, 0)
    assert Order.objects.get().events.filter(status="cancelled").count() == 1


def test_two_workers_at_one_order_count_it_once():
    work = begun(order_of())
    item = work.items.get()
    run_together(*[lambda: work_on(item_id=item.pk, now=clock.now())] * 4)
    carry_on(work_id=work.pk)
    assert outcome(work) == ("done", 1, 1, 0)


def test_an_open_payment_is_closed_at_its_gateway_first(sandbox, member):
    member.openid = sandbox.user()
    member.save()
    order = order_of(member=member)
    start_payment(member_id=member.pk, order_number=order.number, method="wechat", login_code=None, now=clock.now())
    carry_on(work_id=begun(order).pk)
    assert (order.payments.get().status, statuses()) == ("closed", ["cancelled"])


def test_who_may_not_change_orders_neither_begins_nor_stops_it():
    work = begun(order_of())
    sender = seated(clerk("view_bulkwork", "change_shipment"))
    assert sender.post(f"{WORKS}{work.pk}/stop/").status_code == 403
    server = seated(clerk("view_bulkwork", "change_order", name="server"))
    assert server.post(f"{WORKS}{work.pk}/stop/").status_code == 302
    assert sender.post(f"{WORKS}{work.pk}/begin/").status_code == 403
    assert outcome(work)[0] == "stopped"
