import pytest
from django.urls import reverse

from logistics.allocation.models import Allocation, FulfilmentRequest
from logistics.allocation.tests.factories import fulfil
from logistics.network.models import Warehouse
from logistics.network.tests.factories import GUANGZHOU, make_warehouse, stock
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
