"""Each role finds its own work on its home, counted in one question, and each count opens the list of just these."""

import re
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory

from members.identity.tests.factories import MemberFactory
from orders.after_sales import services as after_sales
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import CLERK, ask, paid, stocked
from points.ledger.models import ManualGrant
from promotions.discounts.models import TimedDiscount
from promotions.distribution.models import Sale, Withdrawal
from promotions.distribution.services.joining import join
from promotions.distribution.services.withdrawing import ask_for_withdrawal
from promotions.distribution.tests.making import NOW, customer, distributor, earned, prefer, sold
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import StaffUser
from shop.core.queues import counted, declared_queues, queues_panel
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db

APPROVALS = {
    f"campaigns.approve.{kind}"
    for kind in (
        "coupon",
        "timed_discount",
        "spend_offer",
        "quiz",
        "flash_sale",
        "bargain",
        "lottery",
        "presale",
        "group_buy",
    )
}
PARCELS = {"shipments.ship", "shipments.stuck", "shipments.late", "allocation.waiting"}
SHELVES = {"network.transfer", "network.low"}
FIGURES = {"anomalies.open", "events.quarantined", "reports.mail"}
ANSWERS = {"after_sales.overdue", "after_sales.answer", "after_sales.decide", "reviews.decide", "reviews.reply"}
MONEY = {
    "after_sales.countersign",
    "payments.refund",
    "reconciliation.difference",
    "invoices.issue",
    "invoices.red",
    "workbench.price",
    "distribution.withdrawal",
    "distribution.not_taken",
    "ledger.grant",
}
OPERATION = {
    *APPROVALS,
    "campaigns.starting",
    "campaigns.ending",
    "coupons.hand_out",
    "distribution.application",
    "distribution.held",
    "accounts.file",
    "outreach.approve",
    "outreach.trouble",
    "catalog.low",
}
WORK = {
    "owner": {*PARCELS, *SHELVES, *FIGURES, *ANSWERS, *MONEY, *OPERATION}
    | {"after_sales.receive", "wechat_shipping.refused", "verification.overdue", "invitations.held"},
    "operator": {*FIGURES, *ANSWERS, *OPERATION, "verification.overdue", "invitations.held", "ledger.grant"},
    "warehouse": {*PARCELS, *SHELVES, "after_sales.receive"},
    "finance": MONEY,
    "service": {*ANSWERS, "verification.overdue", "wechat_shipping.refused", "invitations.held"},
    "analyst": FIGURES,
    "store": set(),
}


@pytest.fixture
def accounts():
    seed_roles()
    return {user.username: user for user in create_role_accounts(password="red-lantern-8")}


def panel_of(user):
    request = RequestFactory().get("/admin/")
    request.user = user
    return queues_panel(request)


def client_of(user):
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", WORK)
def test_each_role_has_its_own_queues_and_may_open_every_one(accounts, role):
    panel = panel_of(accounts[role])
    found = panel.queues if panel else []
    assert {each.queue.name for each in found} == WORK[role]
    client = client_of(accounts[role])
    assert {each.queue.name: client.get(each.link).status_code for each in found} == dict.fromkeys(WORK[role], 200)


def test_all_queues_are_counted_in_one_question(django_assert_num_queries):
    queues = declared_queues()
    assert len({queue.name for queue in queues}) == len(queues) == len(WORK["owner"])
    with django_assert_num_queries(1):
        counted(queues, now=clock.now())


def test_a_queue_names_a_permission_that_there_is(accounts):
    there = accounts["owner"].get_all_permissions()
    assert {queue.permission for queue in declared_queues()} <= there


@pytest.mark.parametrize(
    ("role", "queries"),
    [("owner", 29), ("operator", 22), ("warehouse", 10), ("finance", 17), ("service", 12), ("analyst", 16)],
)
def test_a_home_takes_few_queries(accounts, role, queries, django_assert_max_num_queries):
    client = client_of(accounts[role])
    client.get("/admin/")
    with django_assert_max_num_queries(queries):
        home = client.get("/admin/")
    assert home.status_code == 200


def test_where_nothing_waits_the_home_says_so(accounts):
    home = client_of(accounts["finance"]).get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert "Nothing waits for you." in home
    assert "Nothing waits in 9 other queues" in home


def waiting(user):
    """What is full, as (count, listed): what its list shows must be as many."""
    client, found = client_of(user), {}
    for each in panel_of(user).full:
        listed = client.get(each.link).context["cl"].result_list
        found[each.queue.name] = (each.count, len(listed))
    return found


def test_distribution_waits_for_finance_and_the_operator(accounts):
    prefer(paid_as="points", smallest_withdrawal_fen=100)
    seller = distributor()
    earned(seller, 10_000)
    join(member_id=MemberFactory().pk, note="", now=NOW)
    for _ in range(2):
        Sale.objects.filter(pk=sold(customer(seller), 1_000).pk).update(review="held")
    rows = [ask_for_withdrawal(member_id=seller.member_id, amount_fen=100, method="points", now=NOW) for _ in range(4)]
    Withdrawal.objects.filter(pk=rows[0].pk).update(status="approved", gateway_note="NOT_ENOUGH")
    assert waiting(accounts["finance"]) == {"distribution.withdrawal": (3, 3), "distribution.not_taken": (1, 1)}
    of_operator = waiting(accounts["operator"])
    assert of_operator.pop("catalog.low") == (3, 3)
    assert of_operator == {"distribution.application": (1, 1), "distribution.held": (2, 2)}
    assert waiting(accounts["warehouse"]) == {}


def test_points_by_hand_wait_since_they_were_asked_for(accounts):
    now = clock.now()
    for days in (1, 3):
        ManualGrant.objects.create(
            reference=f"grant-{days}",
            member=MemberFactory(),
            points=100,
            reason="apology",
            requested_by="staff:service",
            requested_at=now - timedelta(days=days),
        )
    with clock.fixed(now):
        [grant] = panel_of(accounts["finance"]).full
    assert (grant.count, grant.since) == (2, now - timedelta(days=3))
    home = client_of(accounts["finance"]).get("/admin/", headers={"accept-language": "zh-CN"}).content.decode()
    tile = re.search(r'data-queue="ledger.grant".*?</a>', home, re.DOTALL)[0]
    assert "最早一件已等 3 天" in tile
    assert 'data-count="2"' in tile


def discount(*, status, starts_at, ends_at):
    return TimedDiscount.objects.create(
        name="discount", status=status, starts_at=starts_at, ends_at=ends_at, created_by="staff:op"
    )


def test_campaigns_of_all_kinds_that_start_soon_are_counted_together(accounts):
    now = clock.now()
    for days, status in ((1, "scheduled"), (6, "scheduled"), (8, "scheduled"), (2, "draft")):
        discount(status=status, starts_at=now + timedelta(days=days), ends_at=now + timedelta(days=20))
    discount(status="awaiting", starts_at=now + timedelta(days=1), ends_at=None)
    full = {each.queue.name: (each.count, each.since) for each in panel_of(accounts["operator"]).full}
    assert full["campaigns.starting"] == (2, now + timedelta(days=1))
    assert full["campaigns.approve.timed_discount"][0] == 1
    assert "campaigns.ending" not in full


@pytest.mark.django_db(transaction=True)
def test_after_sales_wait_for_whom_the_next_step_is_up_to(member):
    seed_roles()
    create_role_accounts(password="red-lantern-8")
    service, warehouse = (StaffUser.objects.get(username=name) for name in ("service", "warehouse"))
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    order = paid(member, (sku, 3))
    waiting_one, refunding = (ask(order, kind=Kind.REFUND) for _ in range(2))
    after_sales.approve(number=refunding.number, actor=CLERK, now=clock.now())
    with clock.fixed(waiting_one.due_at + timedelta(seconds=1)):
        assert waiting(service) == {"after_sales.overdue": (1, 1), "after_sales.answer": (1, 1)}
        assert "after_sales.receive" not in waiting(warehouse)
