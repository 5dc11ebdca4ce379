"""Cancelling many unpaid orders: asked first, one by one in the background, twice the same as once."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from members.identity.tests.factories import MemberFactory
from orders.checkout.models import Order
from orders.payments.errors import PaymentGatewayUnavailable
from orders.payments.services.closing import expire_unpaid_orders
from orders.payments.services.opening import start_payment
from orders.workbench.errors import NothingToCancel, TooManyOrders
from orders.workbench.models import BulkWork
from orders.workbench.services import cancelling, working, writing_down
from orders.workbench.services.cancelling import choose_to_cancel
from orders.workbench.services.working import carry_on, start_work, stop_work, work_on
from orders.workbench.tests.making import LIST, STAFF, clerk, order_of, owner, pay, seated
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import Alert, OutboxEntry
from shop.core.outbox import deliver_due
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


def being_paid(sandbox):
    member = MemberFactory(openid=sandbox.user())
    order = order_of(member=member)
    start_payment(member_id=member.pk, order_number=order.number, method="wechat", login_code=None, now=clock.now())
    return order


def test_a_short_outage_of_the_gateway_refuses_nothing(sandbox):
    work = begun(*[being_paid(sandbox) for _ in range(3)])
    sandbox.fault("wechat_pay", "500", times=3)
    with pytest.raises(PaymentGatewayUnavailable):
        carry_on(work_id=work.pk)
    assert (outcome(work), set(statuses())) == (("running", 3, 0, 0), {"pending_payment"})
    sandbox.heal()
    # The outbox comes back by itself.
    deliver_due(now=clock.now() + timedelta(minutes=1))
    assert (outcome(work), set(statuses())) == (("done", 3, 3, 0), {"cancelled"})


def test_what_was_done_before_an_outage_is_not_tried_again(sandbox):
    done, waits = order_of(), being_paid(sandbox)
    work = begun(done, waits)
    sandbox.fault("wechat_pay", "500", times=100)
    carry_on(work_id=work.pk)
    assert (outcome(work), statuses()) == (("running", 2, 1, 0), ["cancelled", "pending_payment"])
    # The next slice has begun nothing, so that the outbox comes back later.
    with pytest.raises(PaymentGatewayUnavailable):
        carry_on(work_id=work.pk)


def test_a_long_outage_stops_the_work_and_tells_people(sandbox):
    work = begun(being_paid(sandbox))
    sandbox.fault("wechat_pay", "500", times=1000)
    for minutes in range(1, 20):
        deliver_due(now=clock.now() + timedelta(hours=minutes))
    assert outcome(work) == ("stopped", 1, 0, 0)
    assert work.items.get().tries == working.MOST_TRIES
    alert = Alert.objects.get(cause=f"workbench.work.{work.pk}")
    assert (alert.permission, alert.data["number"]) == ("workbench.view_bulkwork", work.pk)
    assert set(OutboxEntry.objects.filter(fact="WorkGoesOn").values_list("status", flat=True)) == {"done"}
    sandbox.heal()
    start_work(work_id=work.pk, actor=STAFF, now=clock.now())
    assert not Alert.objects.exists()
    carry_on(work_id=work.pk)
    assert outcome(work) == ("done", 1, 1, 0)


@pytest.mark.parametrize(
    ("error", "ends"), [(RuntimeError("bug"), ("done", 2, 1, 1)), (OperationalError("away"), ("running", 2, 0, 0))]
)
def test_an_item_that_breaks_is_refused_and_holds_up_no_other(monkeypatch, error, ends):
    broken, whole = order_of(), order_of()
    work = begun(broken, whole)
    close = working.close_unpaid_order

    def close_or_break(*, number, **more):
        if number == broken.number:
            raise error
        return close(number=number, **more)

    monkeypatch.setattr(working, "close_unpaid_order", close_or_break)
    if ends[0] == "running":
        with pytest.raises(OperationalError):
            carry_on(work_id=work.pk)
    else:
        carry_on(work_id=work.pk)
        assert statuses() == ["pending_payment", "cancelled"]
        assert work.items.get(status="failed").reason == "系统出了点问题。"
    assert outcome(work) == ends


def test_whoever_lets_a_work_go_on_answers_for_it():
    work = begun(order_of())
    stop_work(work_id=work.pk, actor=STAFF)
    start_work(work_id=work.pk, actor=Actor.staff("other"), now=clock.now())
    carry_on(work_id=work.pk)
    work.refresh_from_db()
    assert work.asked_by == "staff:other"
    assert Order.objects.get().events.last().actor == "staff:other"


def test_the_history_names_jobs_in_words():
    order = order_of()
    Order.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    expire_unpaid_orders(now=clock.now())
    page = seated(owner()).get(f"{LIST}{order.pk}/change/").content.decode()
    assert "payments.expire_orders" not in page
    assert "The shop" in page
