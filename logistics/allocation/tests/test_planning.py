from datetime import timedelta
from threading import Barrier

import pytest

from logistics.allocation import invariants as allocation_laws
from logistics.allocation.deciding import decide
from logistics.allocation.errors import PolicyNotDraft
from logistics.allocation.inputs import read_inputs
from logistics.allocation.jobs import retry_waiting
from logistics.allocation.models import Allocation, AllocationPolicy, AllocationRule, FulfilmentRequest, PlanningRound
from logistics.allocation.optimiser import MOST_LINES
from logistics.allocation.policies import draft_from, live_terms, publish_policy
from logistics.allocation.preferences import GATHER_MINUTES
from logistics.allocation.services import cancel_fulfilment, committing, planning, reduce_fulfilment
from logistics.allocation.services.planning import LEASE, claim, plan_waiting
from logistics.allocation.services.reading import lines_of
from logistics.allocation.services.reading import read_inputs as read
from logistics.allocation.terms import Terms
from logistics.allocation.tests.factories import fulfil
from logistics.network import invariants as network_laws
from logistics.network.models import WarehouseStock
from logistics.network.tests.factories import CLERK, GUANGZHOU, NOW, make_warehouse, stock
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import make_sku
from shop.core import clock, outbox
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=5)
BAIYUN = "440111"


def assert_laws() -> None:
    for law in (*network_laws.LAWS, *allocation_laws.LAWS):
        assert law() == []


def waiting(items: dict[int, int], **fields) -> FulfilmentRequest:
    return fulfil(items, not_before=LATER, **fields)


def sent_from(request: FulfilmentRequest) -> dict[int, dict[int, int]]:
    return {
        each.warehouse_id: {line.sku_id: line.quantity for line in each.lines.all()}
        for each in request.allocations.all()
    }


def decisions_on(*requests: FulfilmentRequest):
    lines = lines_of(requests)
    return decide(read(asked=[(each, lines[each.pk]) for each in requests], terms=Terms(), now=LATER)).decisions


def test_orders_that_wait_are_planned_together_and_the_round_can_be_played_again():
    tea = make_sku()
    near, far = make_warehouse(), make_warehouse(GUANGZHOU)
    stock(near, {tea.pk: 2})
    stock(far, {tea.pk: 2})
    requests = [waiting({tea.pk: 1}, region_code=code) for code in (BAIYUN, "330106", "330106", BAIYUN)]
    with clock.fixed(LATER):
        retry_waiting.run()
    assert [sent_from(each) for each in requests] == [
        {far.pk: {tea.pk: 1}},
        {near.pk: {tea.pk: 1}},
        {near.pk: {tea.pk: 1}},
        {far.pk: {tea.pk: 1}},
    ]
    stored = SkuStock.objects.get(pk=tea.pk)
    assert (stored.available, stored.reserved) == (0, 0)
    assert OutboxEntry.objects.filter(fact="OrderAllocated", subscriber__endswith="plan_parcels").count() == 4
    kept = PlanningRound.objects.get()
    assert (kept.orders, kept.allocated) == (4, 4)
    assert decide(read_inputs(bytes(kept.inputs))).fingerprint() == kept.fingerprint
    assert Allocation.objects.first().decision["inputs"] == kept.inputs_digest
    assert_laws()


def test_a_micro_batch_costs_the_same_for_any_number_of_orders(django_assert_num_queries):
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 50})
    for orders in (2, 12):
        decisions = decisions_on(*(waiting({tea.pk: 1}) for _order in range(orders)))
        with django_assert_num_queries(11):
            assert len(committing.commit_decisions(decisions=decisions, now=LATER)) == orders
    assert_laws()


@pytest.mark.parametrize("together", [True, False])
def test_the_unit_that_comes_goes_to_whom_is_served_first(monkeypatch, together):
    """Planned together, and one by one: its order came last."""
    monkeypatch.setattr(planning, "MOST_LINES", MOST_LINES if together else 0)
    tea = make_sku()
    # What is sold lies where nobody sends anything.
    stock(make_warehouse(is_active=False), {tea.pk: 3})
    requests = [waiting({tea.pk: 1}, priority=priority) for priority in (0, 1, 3)]
    stock(make_warehouse(), {tea.pk: 1})
    assert plan_waiting(requests=FulfilmentRequest.objects.all(), now=LATER)["allocated"] == 1
    assert [bool(sent_from(each)) for each in requests] == [False, False, True]


def test_who_cannot_be_served_whole_waits_with_its_reasons_and_takes_nothing():
    tea, cup = make_sku(), make_sku()
    warehouse = make_warehouse()
    stock(warehouse, {tea.pk: 2})
    stock(make_warehouse(is_active=False), {tea.pk: 1, cup.pk: 1})
    poor, rich = waiting({tea.pk: 1, cup.pk: 1}), waiting({tea.pk: 2})
    assert plan_waiting(requests=FulfilmentRequest.objects.all(), now=LATER) == {"tried": 2, "allocated": 1}
    poor.refresh_from_db()
    assert sent_from(rich) == {warehouse.pk: {tea.pk: 2}}
    assert (poor.status, poor.obstacle["short"]) == ("waiting", {str(tea.pk): 1, str(cup.pk): 1})
    assert poor.retry_at == LATER + timedelta(minutes=10)
    assert_laws()


def test_units_that_one_warehouse_lacks_come_from_several():
    tea = make_sku()
    near, far = make_warehouse(), make_warehouse(GUANGZHOU)
    stock(near, {tea.pk: 2})
    stock(far, {tea.pk: 2})
    request = waiting({tea.pk: 3})
    plan_waiting(requests=FulfilmentRequest.objects.all(), now=LATER)
    assert sent_from(request) == {near.pk: {tea.pk: 2}, far.pk: {tea.pk: 1}}
    assert_laws()


@pytest.mark.parametrize("change", ["reduced", "cancelled"])
def test_a_request_that_changed_since_it_was_planned_is_left_alone(change):
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 9})
    changed, steady = waiting({tea.pk: 3}), waiting({tea.pk: 2})
    decisions = decisions_on(changed, steady)
    if change == "reduced":
        with unit_of_work():
            reduce_fulfilment(order_number=changed.order_number, items={tea.pk: 1}, now=LATER)
    else:
        cancel_fulfilment(order_number=changed.order_number, now=LATER)
    assert committing.commit_decisions(decisions=decisions, now=LATER) == {steady.pk}
    assert not changed.allocations.exists()
    assert WarehouseStock.objects.get().allocated == 2
    assert_laws()


@pytest.mark.parametrize("guarded", [True, False])
def test_two_plans_for_the_last_unit_send_one_of_them_back(monkeypatch, guarded):
    """Both plans give the last unit away. The cells are locked and looked at again before anything is taken: unguarded
    the second plan breaks off, with the other order that was in it."""
    tea, cup = make_sku(), make_sku()
    stock(make_warehouse(), {tea.pk: 1, cup.pk: 2})
    first = decisions_on(waiting({tea.pk: 1}))
    # The second plan was made of the same stock, with an order beside it that wants something else.
    stock(make_warehouse(is_active=False), {tea.pk: 1})
    rival, bystander = waiting({tea.pk: 1}), waiting({cup.pk: 1})
    second = decisions_on(rival, bystander)
    assert all(each.parcels for each in (*first, *second))
    if not guarded:
        everybody_has_looked = Barrier(2, timeout=10)

        def look(*, cells):
            free = {(row.warehouse_id, row.sku_id): row.on_hand - row.allocated for row in WarehouseStock.objects.all()}
            everybody_has_looked.wait()
            return free

        monkeypatch.setattr(committing, "lock_sellable", lambda *, sku_ids: None)
        monkeypatch.setattr(committing, "lock_cells", look)
    results = run_together(
        *[lambda each=each: committing.commit_decisions(decisions=each, now=LATER) for each in (first, second)]
    )
    tea_taken = WarehouseStock.objects.get(sku=tea, warehouse__is_active=True).allocated
    broken_off = [each for each in results if isinstance(each, Exception)]
    if guarded:
        assert broken_off == []
        assert sum(map(len, results)) == 2
        assert (tea_taken, bystander.allocations.count()) == (1, 1)
        assert_laws()
    else:
        assert broken_off or tea_taken > 1


def test_who_plans_has_its_requests_for_itself_until_its_lease_ends():
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 3})
    request = waiting({tea.pk: 1})
    due = FulfilmentRequest.objects.filter(retry_at__lte=LATER)
    assert claim(requests=due, now=LATER) == [request]
    # Whoever claimed it has died.
    assert plan_waiting(requests=due, now=LATER) == {"tried": 0, "allocated": 0}
    later = LATER + LEASE
    due = FulfilmentRequest.objects.filter(retry_at__lte=later)
    assert plan_waiting(requests=due, now=later) == {"tried": 1, "allocated": 1}
    assert_laws()


def test_gathering_lets_paid_orders_wait_for_the_round(monkeypatch):
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 3})
    monkeypatch.setattr(type(GATHER_MINUTES), "value", lambda self: 5 if self is GATHER_MINUTES else self.default)
    request = fulfil({tea.pk: 1})
    assert (request.status, request.retry_at) == ("waiting", LATER)
    assert not Allocation.objects.exists()


def test_a_receipt_does_not_hurry_what_is_to_go_later():
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 3})
    request = waiting({tea.pk: 1})
    outbox.deliver(entry_ids=list(OutboxEntry.objects.filter(fact="StockReceived").values_list("pk", flat=True)))
    request.refresh_from_db()
    assert request.status == "waiting"


def test_a_warehouse_that_has_packed_its_parcels_of_the_day_sends_no_more():
    tea = make_sku()
    near, far = make_warehouse(daily_parcels=1), make_warehouse(GUANGZHOU)
    stock(near, {tea.pk: 9})
    stock(far, {tea.pk: 9})
    assert [list(sent_from(fulfil({tea.pk: 1}))) for _order in range(2)] == [[near.pk], [far.pk]]


def test_a_published_policy_rules_what_is_decided_and_names_its_version():
    tea = make_sku()
    near, far = make_warehouse(), make_warehouse(GUANGZHOU)
    stock(near, {tea.pk: 9})
    stock(far, {tea.pk: 9})
    first = AllocationPolicy.objects.create(version=1, created_by="a", created_at=NOW)
    publish_policy(policy_id=first.pk, actor=CLERK, now=NOW)
    second = draft_from(policy_id=first.pk, actor=CLERK, now=NOW)
    rule = AllocationRule.objects.create(policy=second, provinces=["330000"], effect="never")
    rule.warehouses.set([near])
    assert live_terms().version == 1
    publish_policy(policy_id=second.pk, actor=CLERK, now=NOW)
    request = fulfil({tea.pk: 1})
    assert sent_from(request) == {far.pk: {tea.pk: 1}}
    record = request.allocations.get().decision
    assert record["policy"] == 2
    assert {each["warehouse"]: each["verdict"] for each in record["candidates"]} == {
        near.code: "ruled_out",
        far.code: "chosen",
    }
    first.refresh_from_db()
    assert first.status == "retired"
    with pytest.raises(PolicyNotDraft):
        publish_policy(policy_id=first.pk, actor=CLERK, now=NOW)
    assert AllocationPolicy.objects.get(status="live") == second
