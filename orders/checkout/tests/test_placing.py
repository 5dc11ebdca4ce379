"""Placing an order through HTTP: what is written, what is held, what is refused, and what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.identity.tests.factories import MemberFactory
from orders.checkout.tests.making import buyer, items, place
from shop.catalog.tests.factories import SkuFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lines", "most"), [(1, 14), (20, 16)])
def test_an_order_takes_few_statements_however_many_lines(lines, most):
    client = buyer(MemberFactory())
    skus = [SkuFactory(stock=100) for _ in range(lines)]
    place(client, {"items": items((skus[0], 1))})  # fills what a running process has at hand: preferences, regions
    with CaptureQueriesContext(connection) as captured:
        answer = place(client, {"items": items(*((sku, 1) for sku in skus))})
    assert answer.status_code == 201
    statements = [each["sql"] for each in captured.captured_queries]
    assert len(statements) <= most, statements
    assert statements[0] == "BEGIN"
