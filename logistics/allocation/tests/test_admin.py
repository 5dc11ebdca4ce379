from datetime import timedelta

import pytest
from django.urls import reverse

from logistics.allocation.models import Allocation, AllocationPolicy, FulfilmentRequest, PlanningRound
from logistics.allocation.services.planning import plan_waiting
from logistics.allocation.tests.factories import fulfil
from logistics.network.models import Warehouse
from logistics.network.tests.factories import GUANGZHOU, NOW, make_warehouse, stock
from shop.catalog.tests.factories import make_sku

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:allocation_fulfilmentrequest_changelist"


@pytest.fixture
def waiting():
    sku = make_sku(code="TEA")
    stock(make_warehouse(name="余杭仓", is_active=False), {sku.pk: 1})
    make_warehouse(GUANGZHOU, name="白云仓")
    return fulfil({sku.pk: 1})


def test_the_decision_is_explained(admin_client, waiting):
    page = admin_client.get(reverse("admin:allocation_fulfilmentrequest_change", args=[waiting.pk])).content.decode()
    for words in ("余杭仓", "白云仓", "TEA-1 × 1", " km"):
        assert words in page


def test_retry_allocates_what_can_be(admin_client, waiting):
    form = {"action": "retry", "_selected_action": [waiting.pk]}
    admin_client.post(reverse(LIST), form)
    waiting.refresh_from_db()
    assert waiting.status == FulfilmentRequest.Status.WAITING
    Warehouse.objects.update(is_active=True)
    assert admin_client.post(reverse(LIST), form).status_code == 302
    waiting.refresh_from_db()
    assert waiting.status == FulfilmentRequest.Status.ALLOCATED
    page = reverse("admin:allocation_allocation_change", args=[Allocation.objects.get().pk])
    assert "余杭仓" in admin_client.get(page).content.decode()


def test_the_list_costs_the_same_for_any_number_of_rows(admin_client, waiting, django_assert_max_num_queries):
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 9})
    for _order in range(5):
        fulfil({sku.pk: 1})
    with django_assert_max_num_queries(10):
        assert admin_client.get(reverse(LIST)).status_code == 200


POLICY_FORM = {
    "note": "双十一",
    "per_parcel_fen": "3.50",
    "distance_fen": "0.20",
    "promise_hours": "96",
    "late_hour_fen": "0.10",
    "promise_worth_fen": "10",
    "hold_fen": "60",
    "rules-TOTAL_FORMS": "1",
    "rules-INITIAL_FORMS": "0",
    "rules-0-position": "1",
    "rules-0-effect": "only",
    "rules-0-provinces": ["650000"],
}


def test_a_policy_is_drafted_read_published_and_copied(admin_client):
    warehouse = make_warehouse(name="余杭仓")
    form = {**POLICY_FORM, "rules-0-warehouses": [warehouse.pk]}
    assert admin_client.post(reverse("admin:allocation_allocationpolicy_add"), form).status_code == 302
    policy = AllocationPolicy.objects.get()
    assert (policy.version, policy.status, policy.per_parcel_fen, policy.late_hour_fen) == (1, "draft", 350, 10)
    address = reverse("admin:allocation_allocationpolicy_change", args=[policy.pk])
    page = admin_client.get(address).content.decode()
    assert "¥3.50" in page
    assert "新疆" in page
    admin_client.post(reverse("admin:allocation_allocationpolicy_publish", args=[policy.pk]))
    policy.refresh_from_db()
    assert (policy.status, policy.published_by) == ("live", "staff:admin")
    # What is live is read, not changed.
    assert admin_client.post(address, {**form, "note": "x"}).status_code == 403
    policy.refresh_from_db()
    assert policy.note == "双十一"
    admin_client.post(reverse("admin:allocation_allocationpolicy_copy", args=[policy.pk]))
    draft = AllocationPolicy.objects.get(version=2)
    assert (draft.status, draft.per_parcel_fen) == ("draft", 350)
    assert list(draft.rules.get().warehouses.all()) == [warehouse]


def test_a_round_is_planned_again_from_what_was_kept(admin_client):
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 5})
    for _order in range(3):
        fulfil({tea.pk: 1}, not_before=NOW + timedelta(minutes=1))
    plan_waiting(requests=FulfilmentRequest.objects.all(), now=NOW + timedelta(minutes=1))
    address = reverse("admin:allocation_planninground_changelist")
    chosen = {"action": "replay", "_selected_action": [PlanningRound.objects.get().pk]}
    page = admin_client.post(address, chosen, follow=True).content.decode()
    assert "相同" in page
    PlanningRound.objects.all().delete()
    assert admin_client.get(address).status_code == 200
