"""What waits for a person is on the home page of whoever may see it."""

import pytest
from django.contrib.auth.models import Permission
from django.test import RequestFactory

from members.identity.tests.factories import MemberFactory
from promotions.distribution.dashboard import waiting_panel
from promotions.distribution.models import Sale, Withdrawal
from promotions.distribution.services.joining import join
from promotions.distribution.services.withdrawing import ask_for_withdrawal
from promotions.distribution.tests.making import NOW, customer, distributor, earned, prefer, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(django_user_model):
    def seen(*codenames):
        user = django_user_model.objects.create_user(f"staff{len(codenames)}", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        request = RequestFactory().get("/admin/")
        request.user = user
        found = waiting_panel(request)
        return [(each.value, each.link.split("?")[1]) for each in found.figures] if found else None

    return seen


def test_what_waits_is_counted_and_linked(look, client, admin_user):
    prefer(paid_as="points", smallest_withdrawal_fen=100)
    seller = distributor()
    earned(seller, 10_000)
    assert look("view_sale", "view_withdrawal", "view_distributor") is None
    join(member_id=MemberFactory().pk, note="", now=NOW)
    for _ in range(2):
        Sale.objects.filter(pk=sold(customer(seller), 1_000).pk).update(review="held")
    rows = [ask_for_withdrawal(member_id=seller.member_id, amount_fen=100, method="points", now=NOW) for _ in range(4)]
    Withdrawal.objects.filter(pk=rows[0].pk).update(status="approved", gateway_note="NOT_ENOUGH")
    withdrawals = [("3", "status__exact=requested"), ("1", "status__exact=approved")]
    assert look("view_withdrawal") == withdrawals
    everything = [("1", "standing__exact=applied"), ("2", "review__exact=held"), *withdrawals]
    assert look("view_withdrawal", "view_sale", "view_distributor", "view_binding") == everything
    assert look() is None
    client.force_login(admin_user)
    for (count, where), model in zip(everything, ("distributor", "sale", "withdrawal", "withdrawal"), strict=True):
        found = client.get(f"/admin/distribution/{model}/?{where}").context["cl"].result_list
        assert len(found) == int(count)
