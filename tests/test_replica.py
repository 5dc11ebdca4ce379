"""What is counted is read from the replica while a page is made, and nothing else ever is."""

from functools import partial

import pytest
from django.db import connections, router
from django.http import HttpResponse
from django.test import RequestFactory

from analytics.funnel.models import FunnelFact
from analytics.reports.models import Report
from orders.checkout.models import Order
from shop.core.replica import ReadFromReplica, connection_for

MODELS = (FunnelFact, Report, Order)


@pytest.fixture
def with_replica(settings):
    settings.DATABASES = {**settings.DATABASES, "replica": settings.DATABASES["default"]}


def asked(method):
    """Where each of the models is read while such a request is answered."""
    read = []

    def view(_request):
        read.extend(map(router.db_for_read, MODELS))
        return HttpResponse()

    ReadFromReplica(view)(getattr(RequestFactory(), method)("/admin/"))
    return read


def test_a_page_reads_figures_from_the_replica_and_the_rest_from_the_primary(with_replica):
    assert asked("get") == ["replica", "default", "default"]
    assert [router.db_for_read(model) for model in MODELS] == ["default"] * 3


def test_who_sends_something_reads_from_the_primary_alone(with_replica):
    assert asked("post") == ["default"] * 3


def test_without_a_replica_there_is_one_database():
    assert asked("get") == ["default"] * 3


def test_nothing_is_written_to_the_replica_or_migrated_there(with_replica):
    written = []
    view = partial(lambda _request: written.extend(map(router.db_for_write, MODELS)) or HttpResponse())
    ReadFromReplica(view)(RequestFactory().get("/admin/"))
    assert written == ["default"] * 3
    assert not router.allow_migrate("replica", "checkout")
    assert router.allow_migrate("default", "checkout")


def test_sql_written_out_goes_where_its_model_is_read():
    assert connection_for(FunnelFact) is connections["default"]
