"""After-sales when accounts merge, when a member leaves, and when they take their data along."""

import pytest

from members.identity.tests.factories import MemberFactory
from orders.after_sales import services
from orders.after_sales.member_data import erase, export, move, open_after_sales
from orders.after_sales.models import AfterSale
from orders.after_sales.tests.making import CLERK, ask, delivered, sent_back, stocked
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def after_sale(member):
    """The goods are on their way back."""
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    return sent_back(ask(delivered(member, (sku, 1)), description="碎了"))


def test_what_was_written_goes_and_the_trade_stays(member, after_sale):
    services.dispute(number=after_sale.number, answer="不是我们的商品", actor=CLERK, now=clock.now())
    erase(member_id=member.pk, now=clock.now())
    kept = AfterSale.objects.get()
    assert (kept.description, kept.answer, kept.carrier, kept.tracking_number) == ("", "", "", "")
    assert set(kept.events.values_list("note", flat=True)) == {""}
    assert (kept.refund_fen, kept.events.count()) == (1_001, 4)


def test_it_goes_along_and_holds_a_member_who_leaves_while_it_is_open(member, after_sale):
    [row] = export(member_id=member.pk)["after_sales"]
    assert (row["number"], row["tracking_number"], row["lines"][0]["quantity"]) == (
        after_sale.number,
        "SF1234567890",
        1,
    )
    assert open_after_sales(member_id=member.pk).code == "open_after_sales"
    other = MemberFactory()
    assert move(source_id=member.pk, target_id=other.pk, now=clock.now()) == {"after_sales": 1}
    assert (open_after_sales(member_id=member.pk), AfterSale.objects.get().member_id) == (None, other.pk)
