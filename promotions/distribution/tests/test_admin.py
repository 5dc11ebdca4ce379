"""The screens of operators, and what finance may look at."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.distribution.models import Binding, Distributor, DistributorGrade, ProductRate, Sale, Stage
from promotions.distribution.services.joining import join
from promotions.distribution.tests.making import (
    NOW,
    balances,
    customer,
    distributor,
    grade,
    prefer,
    product,
    released,
    settled,
    sold,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, django_user_model):
    operator = django_user_model.objects.create_user("operator", password="x", is_staff=True)
    operator.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["distribution", "identity", "catalog"])
    )
    client.force_login(operator)
    return client


def page(name, *args):
    return reverse(f"admin:distribution_{name}", args=args)


def test_every_list_and_page_opens_and_finds_by_member(desk):
    seller = distributor(MemberFactory(nickname="阿岩"))
    sale = sold(customer(seller), 1000)
    ProductRate.objects.create(product=product(), rate_bp=100)
    for name in ("distributor", "binding", "sale", "commission", "commissionaccount", "commissionentry"):
        found = desk.get(page(f"{name}_changelist"), {"q": seller.member.invite_code.lower()})
        assert found.status_code == 200, name
        assert len(found.context["cl"].result_list) == 1, name
        row = found.context["cl"].result_list[0]
        assert desk.get(page(f"{name}_change", row.pk)).status_code == 200, name
    assert len(desk.get(page("sale_changelist"), {"q": sale.order_number}).context["cl"].result_list) == 1
    assert len(desk.get(page("commissionentry_changelist"), {"q": sale.order_number}).context["cl"].result_list) == 1
    assert not desk.get(page("sale_changelist"), {"q": "nobody"}).context["cl"].result_list
    for name in ("distributorgrade", "productrate"):
        assert desk.get(page(f"{name}_changelist")).status_code == 200


def test_rates_are_typed_in_percent(desk):
    desk.post(page("distributorgrade_add"), {"name": "Best", "position": 3, "rate_bp": "12.5", "second_rate_bp": ""})
    made = DistributorGrade.objects.get(name="Best")
    assert (made.rate_bp, made.second_rate_bp) == (1250, 0)
    desk.post(page("distributorgrade_add"), {"name": "Worst", "position": 3, "rate_bp": "51", "second_rate_bp": ""})
    assert not DistributorGrade.objects.filter(name="Worst").exists()


def test_staff_decide_on_applications(desk, member):
    made = join(member_id=member.pk, note="", now=NOW)
    desk.post(page("distributor_refuse", made.pk), {"reason": "Tell us more"})
    made.refresh_from_db()
    assert (made.standing, made.reason) == ("refused", "Tell us more")
    join(member_id=member.pk, note="", now=NOW)
    desk.post(page("distributor_changelist"), {"action": "approve_all", "_selected_action": [made.pk]})
    made.refresh_from_db()
    assert (made.standing, made.decided_by) == ("active", "staff:operator")
    desk.post(page("distributor_pause", made.pk), {"reason": "Spam"})
    desk.post(page("distributor_pause", made.pk), {"reason": "Spam"})
    made.refresh_from_db()
    assert made.standing == "paused"
    best = grade(900)
    desk.post(page("distributor_change_grade", made.pk), {"grade": best.pk})
    made.refresh_from_db()
    assert made.grade == best


def test_staff_appoint_a_member_and_let_a_customer_go(desk, member):
    first = DistributorGrade.objects.first()
    unknown = desk.post(page("distributor_appoint"), {"who": "NOBODY", "grade": first.pk})
    assert "who" in unknown.context["form"].errors
    desk.post(page("distributor_appoint"), {"who": member.phone, "grade": first.pk})
    seller = Distributor.objects.get(member=member)
    customer(seller)
    row = Binding.objects.get()
    desk.post(page("binding_let_go", row.pk), {"reason": "Asked for it"})
    row.refresh_from_db()
    assert (row.reason, row.ended_by) == ("Asked for it", "staff:operator")


def test_held_orders_are_decided(desk):
    prefer(sales_per_day=1)
    seller = distributor(rate_bp=1000)
    buyer = customer(seller)
    sold(buyer, 1000)
    cleared, refused = settled(sold(buyer, 1000)), settled(sold(buyer, 3000))
    asked = desk.get(page("sale_refuse", refused.pk)).context["table"]
    assert asked["rows"] == [[str(seller), str(Stage.SETTLED.label), "¥3.00", "¥0.00"]]
    assert desk.get(page("sale_restore", refused.pk)).status_code == 403
    desk.post(page("sale_refuse", refused.pk), {"reason": "Bought for herself"})
    desk.post(page("sale_refuse", cleared.pk), {"reason": ""})
    for sale in (cleared, refused):
        desk.post(page("sale_changelist"), {"action": "clear", "_selected_action": [sale.pk]})
    assert list(Sale.objects.order_by("pk").values_list("review", flat=True)) == ["clear", "clear", "refused"]
    assert balances(seller) == {"frozen": 100, "settled": 100}
    assert desk.get(page("sale_refuse", refused.pk)).status_code == 403


def test_a_cleared_order_that_turns_out_wrong_is_refused_with_a_reason(desk):
    seller = distributor(rate_bp=1000)
    sale = released(sold(customer(seller), 1000))
    assert desk.get(page("sale_refuse", sale.pk)).context["table"]["rows"][0][2:] == ["¥1.00", "¥1.00"]
    desk.post(page("sale_refuse", sale.pk), {"reason": "Fraud"})
    sale.refresh_from_db()
    assert (sale.review, sale.reason, sale.reviewed_by) == ("refused", "Fraud", "staff:operator")
    assert balances(seller) == {}
    desk.post(page("sale_restore", sale.pk), {"reason": "Not her"})
    assert balances(seller) == {"available": 100}
    logged = LogEntry.objects.filter(object_id=sale.pk).order_by("pk").values_list("change_message", flat=True)
    assert [word in said for word, said in zip(("Fraud", "Not her"), logged, strict=True)] == [True, True]


def test_who_may_only_look_changes_nothing(client, django_user_model, member):
    watcher = django_user_model.objects.create_user("finance", password="x", is_staff=True)
    watcher.user_permissions.set(
        Permission.objects.filter(codename__startswith="view_", content_type__app_label="distribution")
    )
    client.force_login(watcher)
    made = join(member_id=member.pk, note="", now=NOW)
    assert client.get(page("distributor_changelist")).status_code == 200
    sale = sold(customer(distributor()), 1000)
    assert client.post(page("sale_refuse", sale.pk), {"reason": "x"}).status_code == 403
    for name in ("approve", "refuse", "pause", "change_grade"):
        assert client.post(page(f"distributor_{name}", made.pk), {"reason": "x"}).status_code == 403
    assert client.get(page("distributor_appoint")).status_code == 403
    made.refresh_from_db()
    assert made.standing == "applied"


def test_newcomers_always_have_a_grade(desk):
    first = DistributorGrade.objects.get()
    other = grade()
    assert desk.post(page("distributorgrade_delete", other.pk), {"post": "yes"}).status_code == 302
    assert desk.post(page("distributorgrade_delete", first.pk), {"post": "yes"}).status_code == 403
    every = {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"}
    desk.post(page("distributorgrade_changelist"), every)
    assert DistributorGrade.objects.get() == first
