"""Whose customer a member is, and who may change that."""

from threading import Barrier

import pytest
from django.db import connection, transaction

from members.identity.facts import MemberRegistered
from members.identity.tests.factories import MemberFactory
from members.invitations.errors import ShareTargetNotFound
from orders.fulfilment.tests.test_parcels import deliver_facts
from promotions.distribution.errors import BindingEnded, DistributorNotFound
from promotions.distribution.models import Binding, Visit
from promotions.distribution.services.binding import binding_at, unbind
from promotions.distribution.tests.making import (
    NOW,
    STAFF,
    distributor,
    later,
    prefer,
    product,
    sold,
    visit,
)
from shop.core.outbox import publish
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


def seller_of(member, at=NOW):
    binding = binding_at(member_id=member.pk, at=at)
    return binding.distributor if binding else None


def test_the_first_link_binds_until_its_window_is_over(member):
    first, second = distributor(), distributor()
    assert visit(member, first) is True
    assert visit(member, second, now=later(days=29)) is False
    assert seller_of(member, later(days=29)) == first
    assert seller_of(member, later(days=30)) is None
    assert visit(member, second, now=later(days=30)) is True
    assert seller_of(member, later(days=29)) == first


def test_the_last_link_binds_where_the_shop_has_it_so(member):
    prefer(binding="last")
    first, second = distributor(), distributor()
    visit(member, first)
    assert visit(member, second, now=later(hours=1)) is True
    assert (seller_of(member), seller_of(member, later(hours=2))) == (first, second)
    assert Binding.objects.count() == 2


def test_the_last_visit_counts_by_the_same_link_too_where_the_last_link_binds(member):
    prefer(binding="last", binding_days=30)
    seller = distributor()
    for days in (0, 29):
        assert visit(member, seller, now=later(days=days)) is True
    assert (seller_of(member, later(days=58)), seller_of(member, later(days=59))) == (seller, None)
    prefer(binding_days=1)
    assert visit(member, seller, now=later(days=50)) is True
    assert (seller_of(member, later(days=58)), Binding.objects.count()) == (seller, 1)


def test_the_first_paid_order_binds_for_good(member):
    prefer(binding="last")
    first, second = distributor(), distributor()
    visit(member, first)
    sale = sold(member, 10_000, now=later(days=1))
    assert sale.distributor == first
    assert visit(member, second, now=later(days=2)) is False
    assert seller_of(member, later(days=900)) == first
    assert sold(member, 10_000, now=later(days=900)).distributor == first


def test_only_invitations_bind_where_the_shop_has_it_so(member):
    prefer(binding="registration")
    seller = distributor()
    assert visit(member, seller) is False
    assert (seller_of(member), Visit.objects.count()) == (None, 1)
    newcomer = MemberFactory(inviter=seller.member)
    with transaction.atomic():
        publish(MemberRegistered(member_id=newcomer.pk, inviter_id=seller.member_id, at=NOW))
    deliver_facts()
    assert (seller_of(newcomer), Binding.objects.get().came_by) == (seller, "registration")


def test_visits_are_counted_once_a_day_and_target(member):
    seller, goods = distributor(), product()
    for now in (NOW, later(minutes=5), later(days=1)):
        visit(member, seller, now=now, target=f"product-{goods.pk}")
    visit(member, seller)
    assert Visit.objects.count() == 3
    assert Binding.objects.get().target == f"product-{goods.pk}"
    with pytest.raises(ShareTargetNotFound):
        visit(MemberFactory(), seller, target="product-999999")
    assert Visit.objects.count() == 3


def test_nobody_is_their_own_customer_nor_that_of_a_stranger(member):
    seller = distributor()
    assert visit(seller.member, seller) is False
    with pytest.raises(DistributorNotFound):
        visit(seller.member, type("Nobody", (), {"member": member}))
    assert not Binding.objects.exists()


def test_staff_let_a_customer_go_and_paid_orders_stay(member):
    seller, other = distributor(), distributor()
    visit(member, seller)
    sale = sold(member, 10_000)
    row = Binding.objects.get()
    unbind(binding_id=row.pk, reason="asked for it", actor=STAFF, now=later(days=1))
    with pytest.raises(BindingEnded):
        unbind(binding_id=row.pk, reason="again", actor=STAFF, now=later(days=2))
    assert seller_of(member, later(days=1)) is None
    assert visit(member, other, now=later(days=1)) is True
    sale.refresh_from_db()
    assert (sale.distributor, Binding.objects.get(pk=row.pk).reason) == (seller, "asked for it")


INDEX = "binding_one_at_a_time"


@pytest.fixture
def unguarded():
    """Without the index that stands behind; it is there again afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [INDEX])
        [definition] = cursor.fetchone()
        cursor.execute(f"DROP INDEX {INDEX}")
    yield
    Binding.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(definition)


@pytest.mark.django_db(transaction=True)
def test_of_eight_links_opened_at_once_one_binds(member):
    sellers = [distributor() for _ in range(8)]
    bound = run_together(*[lambda seller=seller: visit(member, seller) for seller in sellers])
    assert bound.count(True) == 1
    assert Binding.objects.filter(ended_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_who_looks_and_then_writes_binds_all_eight(member, unguarded):
    sellers, looked = [distributor() for _ in range(8)], Barrier(8, timeout=60)

    def look_then_bind(seller):
        assert seller_of(member) is None
        looked.wait()
        Binding.objects.create(member=member, distributor=seller, came_by="visit", bound_at=NOW)

    run_together(*[lambda seller=seller: look_then_bind(seller) for seller in sellers])
    assert Binding.objects.filter(ended_at=None).count() == 8


def test_an_order_that_costs_nothing_binds_nobody_for_good(member):
    prefer(binding="last")
    first, second = distributor(), distributor()
    visit(member, first)
    assert sold(member, 0) is None
    assert Binding.objects.get().locked_at is None
    assert visit(member, second, now=later(hours=1)) is True
