"""After-sales on the home page: what waits for whoever may see them."""

from datetime import timedelta

import pytest
from django.test import RequestFactory

from orders.after_sales import services
from orders.after_sales.dashboard import waiting_panel
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import CLERK, ask, paid, stocked
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db(transaction=True)


def home(*, owner=True):
    request = RequestFactory().get("/admin/")
    request.user = StaffUser.objects.create_user(f"staff{owner}{clock.now():%f}", is_superuser=owner, is_staff=True)
    return waiting_panel(request)


def test_what_waits_is_counted_for_who_may_see_it(member):
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    assert home() is None
    order = paid(member, (sku, 3))
    waiting, refunding = (ask(order, kind=Kind.REFUND) for _ in range(2))
    services.approve(number=refunding.number, actor=CLERK, now=clock.now())
    with clock.fixed(waiting.due_at + timedelta(seconds=1)):
        panel = home()
    assert [figure.value for figure in panel.figures] == ["1", "0", "1", "1"]
    assert home(owner=False) is None
