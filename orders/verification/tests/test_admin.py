"""The screens of verification."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from logistics.network.tests.factories import make_store
from orders.verification.models import CodeTries, Pickup, StoreAssignment, Verification
from orders.verification.services.verifying import verify
from orders.verification.tests.making import clerk_of, code_of, in_store, make_staff
from promotions.coupons.services.verifying import show_coupon
from promotions.coupons.tests.making import make_coupon
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def store(db):
    return make_store(name="武林店")


def page(client, name, *args, **query):
    return client.get(reverse(f"admin:verification_{name}", args=args), query, headers=ENGLISH).content.decode()


def send(client, name, pk, **body):
    answer = client.post(reverse(f"admin:verification_{name}", args=[pk]), body, headers=ENGLISH, follow=True)
    return answer.content.decode()


def test_pickups_are_found_by_number_phone_and_state(admin_client, member, store):
    waiting, over, gone = (in_store(member, store) for _ in range(3))
    Pickup.objects.filter(pk=over.pk).update(fetch_by=clock.now() - timedelta(days=1))
    verify(code=code_of(gone), clerk=clerk_of(store), now=clock.now())
    for state, expected in (("waiting", [waiting, over]), ("overdue", [over]), ("fetched", [gone])):
        shown = page(admin_client, "pickup_changelist", state=state)
        for pickup in (waiting, over, gone):
            assert (pickup.order.number in shown) is (pickup in expected)
    assert waiting.order.number in page(admin_client, "pickup_changelist", q=waiting.order.number)
    shown = page(admin_client, "pickup_change", over.pk)
    assert "Not fetched in time" in shown
    assert "(&#x27;overdue" not in shown


def test_goods_are_kept_longer_and_codes_renewed_with_a_trail(admin_client, member, store):
    pickup = in_store(member, store)
    assert "wait until" in send(admin_client, "pickup_longer", pickup.pk, days=20)
    assert "not good any more" in send(admin_client, "pickup_renew", pickup.pk)
    before, pickup = pickup, Pickup.objects.get(pk=pickup.pk)
    assert pickup.fetch_by - before.ready_at > timedelta(days=19)
    assert pickup.code_version == 2
    assert {entry.get_change_message() for entry in LogEntry.objects.all()} == {"Kept for 20 days", "New code"}


def test_goods_are_handed_over_without_a_code_for_a_reason(admin_client, member, store):
    pickup = in_store(member, store)
    assert "required" in send(admin_client, "pickup_hand_over", pickup.pk, reason="")
    assert not Verification.objects.exists()
    assert "handed over" in send(admin_client, "pickup_hand_over", pickup.pk, reason="手机丢失")
    assert (Verification.objects.get().note, Verification.objects.get().staff_name) == ("手机丢失", "admin")
    assert "was used before" in send(admin_client, "pickup_hand_over", pickup.pk, reason="again")


def test_a_coupons_use_is_undone_and_that_of_goods_is_not(admin_client, member, store):
    coupon, clerk = make_coupon(member, use_in="anywhere"), clerk_of(store)
    code = show_coupon(number=coupon.number, member_id=member.pk, now=clock.now())[0]
    used, _found = verify(code=code, clerk=clerk, bill_fen=12_000, now=clock.now())
    handed, _found = verify(code=code_of(in_store(member, store)), clerk=clerk, now=clock.now())
    assert "was undone" in send(admin_client, "verification_take_back", used.pk, reason="扫错")
    assert "Use an after-sale" in send(admin_client, "verification_take_back", handed.pk, reason="扫错")
    coupon.refresh_from_db()
    assert coupon.status == "unused"
    assert "¥20.00" in page(admin_client, "verification_changelist")


def test_clerks_see_their_own_stores_and_change_nothing(client, member, store):
    mine, other = in_store(member, store), in_store(member)
    clerk = make_staff("clerk", "verify_verification", "view_pickup", "view_verification", stores=(store,))
    client.force_login(clerk)
    shown = page(client, "pickup_changelist")
    assert mine.order.number in shown
    assert other.order.number not in shown
    for action in ("hand_over", "longer", "renew"):
        address = reverse(f"admin:verification_pickup_{action}", args=[mine.pk])
        assert client.post(address, {"reason": "x", "days": 3}).status_code == 403
    assert client.get(reverse("admin:verification_pickup_change", args=[other.pk])).status_code == 302


def test_staff_are_assigned_and_taken_away(admin_client, store):
    clerk = make_staff("clerk")
    add = reverse("admin:verification_storeassignment_add")
    admin_client.post(add, {"staff": clerk.pk, "store": store.pk})
    assignment = StoreAssignment.objects.get()
    again = admin_client.post(add, {"staff": clerk.pk, "store": store.pk}, headers=ENGLISH).content.decode()
    assert "already exists" in again
    delete = reverse("admin:verification_storeassignment_delete", args=[assignment.pk])
    admin_client.post(delete, {"post": "yes"})
    assert not StoreAssignment.objects.exists()


def test_wrong_codes_are_forgiven(admin_client):
    row = CodeTries.objects.create(who="staff:7", tries=10, since=clock.now())
    assert "Locked out" in page(admin_client, "codetries_changelist")
    body = {"action": "forgive", "_selected_action": [row.pk]}
    admin_client.post(reverse("admin:verification_codetries_changelist"), body)
    assert not CodeTries.objects.exists()
    assert "10" in LogEntry.objects.get().get_change_message()
