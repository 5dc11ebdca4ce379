"""What came of a plan, with figures worked out by hand."""

import io
from uuid import uuid4

import pytest

from analytics.events.models import Event
from analytics.events.services.partitions import ensure_partitions
from analytics.outreach.lift import Part, Verdict
from analytics.outreach.models import Contact, Every, Run
from analytics.outreach.results import Cost, Seen, reasons_of, result_of
from analytics.outreach.tests.making import DAY, HOUR, NOW, due, make_plan, ran, started, worked
from members.notifications.models import Notification
from orders.checkout.models import Order, OrderStatus
from orders.imports.models import ImportedCustomer
from orders.imports.services import import_orders
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_template
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI, business_day

pytestmark = pytest.mark.django_db


def buys(member, yuan, *, after):
    """A paid order so long after the choice."""
    if not Order.objects.exists():
        SkuFactory(code="TEA-1", stock=0)
    number = f"N{Order.objects.count()}"
    at = (NOW + after).astimezone(SHANGHAI)
    ImportedCustomer.objects.get_or_create(number=str(member.pk), defaults={"member": member})
    text = f"order_number,customer,paid_at,sku,quantity,amount\n{number},{member.pk},{at:%Y-%m-%d %H:%M},TEA-1,1,{yuan}"
    report = import_orders(file=io.BytesIO(text.encode()), actor=Actor.system("test"), now=NOW + 30 * DAY)
    assert report.problems == []
    return Order.objects.get(member=member, paid_at=NOW + after)


def halves(run):
    """Members of both parts, in order."""
    found = {arm: [row.member for row in run.contacts.filter(arm=arm).order_by("pk")] for arm in ("treated", "control")}
    return found["treated"], found["control"]


def of_both(**fields):
    """A run over 16 members with somebody in both parts; the draw says how many."""
    run = ran(make_plan(members=16, control_bp=5000, window_days=3, **fields))
    treated, control = halves(run)
    assert len(treated) >= 3
    assert len(control) >= 2
    return run, treated, control


def test_orders_and_money_in_the_window_net_of_what_went_back():
    run, treated, control = of_both()
    buys(treated[0], 30, after=HOUR)
    buys(treated[0], 20, after=2 * DAY)
    buys(treated[1], 100, after=3 * DAY - HOUR)
    buys(treated[1], 999, after=3 * DAY)  # the first moment that does not count
    buys(treated[2], 999, after=-HOUR)  # before
    back = buys(treated[2], 50, after=DAY)
    Order.objects.filter(pk=back.pk).update(status=OrderStatus.REFUNDED, refunded_fen=5000)
    buys(control[0], 40, after=DAY)
    partly = buys(control[1], 60, after=DAY)
    Order.objects.filter(pk=partly.pk).update(refunded_fen=1500)

    found = result_of(run.plan, now=NOW + 3 * DAY)
    assert found.treated == Part(len(treated), 2, 3, 15_000, 5000.0**2 + 10_000.0**2)
    assert found.control == Part(len(control), 2, 2, 8_500, 4000.0**2 + 4500.0**2)
    assert found.by_day == {"treated": [1, 1, 2], "control": [0, 2, 2]}
    assert (found.open_windows, found.verdict) == (0, Verdict.TOO_FEW)
    assert found.bought.value == pytest.approx(2 / len(treated) - 2 / len(control))
    assert result_of(run.plan, now=NOW + 3 * DAY - HOUR).open_windows == 16


def test_each_member_counts_once_from_the_first_time_and_a_run_by_itself():
    plan = started(
        make_plan(members=2, every=Every.DAY, hour=12, rest_days=0, window_days=3, most_people=9), now=NOW - HOUR
    )
    runs = [worked(due(plan, now=NOW + day * DAY), now=NOW + day * DAY) for day in (0, 1)]
    member = runs[0].contacts.first().member
    buys(member, 10, after=2 * DAY)
    buys(member, 10, after=3 * DAY + HOUR)
    whole = result_of(plan, now=NOW + 9 * DAY)
    assert (whole.treated.people, whole.treated.orders, whole.control.people) == (2, 1, 0)
    assert whole.verdict == Verdict.NO_CONTROL
    assert result_of(plan, now=NOW + 9 * DAY, run=runs[0]).treated.orders == 1
    assert result_of(plan, now=NOW + 9 * DAY, run=runs[1]).treated.orders == 2


def test_who_was_to_be_reached_and_was_not_counts_all_the_same():
    """Or the control group would be compared with those who had not bought by themselves."""
    run, treated, _control = of_both()
    Contact.objects.filter(member=treated[0]).update(status="skipped", reason="no_longer")
    Contact.objects.filter(member=treated[1]).update(status="cancelled")
    buys(treated[0], 10, after=HOUR)
    buys(treated[1], 10, after=HOUR)
    found = result_of(run.plan, now=NOW + DAY)
    assert (found.treated.people, found.treated.buyers) == (len(treated) - 1, 1)
    assert found.seen.reached == len(treated) - 2
    assert reasons_of(run) == {"cancelled": 1, "no_longer": 1}


def watched(member, name, campaign, *, after, is_bot=False):
    at = NOW + after
    ensure_partitions([business_day(at)])
    Event.objects.create(
        event_id=uuid4(),
        at=at,
        sequence=0,
        name=name,
        visitor_id="v",
        session_id="s",
        member_id=member.pk,
        page="/",
        campaign=campaign,
        channel="h5",
        device="",
        order_number="",
        is_bot=is_bot,
        received_at=at,
    )


def test_delivered_opened_and_clicked():
    run = ran(make_plan(members=5))
    members, campaign = [row.member for row in run.contacts.order_by("pk")], run.plan.campaign
    Notification.objects.filter(member=members[0]).update(read_at=NOW)
    Notification.objects.filter(member=members[1]).update(in_inbox=False)
    members[1].notifications.get().deliveries.update(status="skipped")
    watched(members[2], "page_view", campaign, after=HOUR)
    watched(members[2], "click", campaign, after=2 * HOUR)
    watched(members[3], "page_view", campaign, after=8 * DAY)
    watched(members[3], "exposure", campaign, after=HOUR)
    watched(members[3], "click", "outreach-0", after=HOUR)
    watched(members[4], "click", campaign, after=HOUR, is_bot=True)
    assert result_of(run.plan, now=NOW + DAY).seen == Seen(reached=5, delivered=4, opened=2, clicked=1)


def test_what_it_cost(django_assert_num_queries):
    run = ran(make_plan(members=4, coupon_template=make_template(), points=150))
    used = Coupon.objects.order_by("pk").first()
    Coupon.objects.filter(pk=used.pk).update(status="used", used_at=NOW, order_number="M1", cost_fen=1800)
    plan = run.plan
    with django_assert_num_queries(6):
        found = result_of(plan, now=NOW + DAY)
    assert found.cost == Cost(coupons_given=4, coupons_used=1, coupons_fen=1800, points=600)
    # A hundred points are a yuan.
    assert (found.cost.points_fen, found.cost.total_fen) == (600, 2400)


def test_a_plan_that_has_not_run_has_no_result():
    found = result_of(make_plan(members=1), now=NOW)
    assert (found.treated, found.control, found.seen) == (Part(), Part(), Seen(0, 0, 0, 0))
    assert (found.bought, found.paid, found.verdict) == (None, None, Verdict.NO_CONTROL)
    assert Run.objects.count() == 0


def test_tools_read_the_same(staff_client, django_assert_max_num_queries):
    run, treated, control = of_both()
    buys(treated[0], 30, after=HOUR)
    with django_assert_max_num_queries(16):
        answer = staff_client.get(f"/api/v1/staff/analytics/outreach/{run.plan_id}").json()
    assert answer["treated"] == {"people": len(treated), "buyers": 1, "orders": 1, "net_fen": 3000}
    assert answer["control"]["people"] == len(control)
    assert (answer["verdict"], answer["reached"], answer["cost_fen"]) == ("too_few", len(treated), 0)
    assert answer["share_difference"]["low"] < 1 / len(treated) < answer["share_difference"]["high"]
    assert staff_client.get("/api/v1/staff/analytics/outreach/0").status_code == 404
    listed = staff_client.get("/api/v1/staff/analytics/outreach").json()["items"]
    assert [(each["id"], each["status"]) for each in listed] == [(run.plan_id, "ended")]
