"""Growth given and taken by hand."""

from threading import Barrier

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.test import Client
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from members.tiers.errors import GrowthByHandSpent, GrowthReferenceUsed, GrowthTooLittle
from members.tiers.invariants import LAWS
from members.tiers.models import GrowthEntry, MemberTier, TierChange
from members.tiers.services import adjust_growth, adjusting, earn_growth, take_back_growth
from members.tiers.tests.making import STAFF, at, held
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)
PAGE = "admin:tiers_membertier_adjust_growth"
REFERENCE = "5d3d9b7e-3c1b-4c39-9f59-6d8a5a0b9c11"


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert {law.__name__: law() for law in LAWS if law()} == {}


def earn(member, reference, growth, *, at=NOON, worth=1):
    with transaction.atomic():
        earn_growth(
            reference=reference, member_id=member.pk, growth=growth, kind="spend", worth=worth, earned_at=at, now=at
        )


def adjust(member, growth, reference="manual:1", *, bounded=True, actor=STAFF, now=NOON):
    return adjust_growth(
        reference=reference,
        member_id=member.pk,
        growth=growth,
        reason="物流延误",
        is_bounded=bounded,
        actor=actor,
        now=now,
    )


def ledger():
    return list(GrowthEntry.objects.order_by("pk").values_list("of__reference", "amount", "kind", "note"))


def test_growth_given_lifts_at_once_and_says_why(member):
    assert adjust(member, 1000).tier.code == "silver"
    assert ledger() == [(None, 1000, "manual", "物流延误")]
    change = TierChange.objects.get()
    assert (change.reason, change.note, change.actor) == ("upgrade", "物流延误", str(STAFF))


def test_a_form_that_is_sent_twice_counts_once(member):
    adjust(member, 700)
    adjust(member, 700)
    adjust(member, -200, "manual:2")
    adjust(member, -200, "manual:2")
    assert MemberTier.objects.get().growth == 500
    assert GrowthEntry.objects.count() == 2


def test_the_newest_growth_is_taken_from_its_own_days(member):
    earn(member, "order:1", 600, at=at(2026, 1, 5))
    earn(member, "order:2", 500, at=at(2026, 3, 9))
    assert held(member) == "silver"
    assert adjust(member, -700).tier.code == "normal"
    assert ledger()[2:] == [("order:2", -500, "manual", "物流延误"), ("order:1", -200, "manual", "物流延误")]
    assert TierChange.objects.latest("pk").reason == "refund"
    assert MemberTier.objects.get().growth == 400


def test_no_more_is_taken_than_counts_today(member):
    earn(member, "order:1", 900, at=at(2025, 1, 5))
    earn(member, "order:2", 500, at=at(2026, 3, 9))
    before = ledger()
    with pytest.raises(GrowthTooLittle) as refused:
        adjust(member, -501)
    assert refused.value.data == {"available": 500}
    assert (ledger(), MemberTier.objects.get().growth) == (before, 500)


@pytest.mark.parametrize(("left", "taken"), [(100, 0), (50, 50), (10, 70), (0, 70)])
def test_a_refund_leaves_alone_what_was_taken_by_hand(member, left, taken):
    earn(member, "order:1", 100, worth=100)
    adjust(member, -30)
    with transaction.atomic():
        assert take_back_growth(reference="refund:1", earning="order:1", left=left, now=NOON) == taken
    assert MemberTier.objects.get().growth == 70 - taken


def test_a_day_has_a_bound_per_member_of_staff(member):
    other = MemberFactory()
    adjust(member, 1500)
    adjust(member, -100, "manual:2")
    before = ledger()
    with pytest.raises(GrowthByHandSpent) as refused:
        adjust(other, 401, "manual:3")
    assert refused.value.data == {"left": 400}
    assert ledger() == before
    adjust(other, 400, "manual:3")
    adjust(other, 2000, "manual:4", actor=Actor.staff("another"))
    adjust(other, 2000, "manual:5", now=at(2026, 3, 11, 0))
    adjust(other, 9000, "manual:6", bounded=False)


def test_a_reference_stands_for_one_thing(member):
    adjust(member, 700)
    with pytest.raises(GrowthReferenceUsed):
        adjust(MemberFactory(), 700)
    with pytest.raises(GrowthReferenceUsed):
        adjust(member, -700)
    assert GrowthEntry.objects.count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_the_bound_holds_for_everything_at_once(guarded, monkeypatch):
    members = MemberFactory.create_batch(6)
    if not guarded:
        barrier, inspect = Barrier(6, timeout=30), adjusting._stay_within_bound

        def look_together(**given):
            inspect(**given)
            barrier.wait()

        monkeypatch.setattr(adjusting, "lock_names", lambda *names: None)
        monkeypatch.setattr(adjusting, "_stay_within_bound", look_together)
    answers = run_together(*[lambda m=m: adjust(m, 1000, f"manual:{m.pk}") for m in members])
    refused = [answer for answer in answers if isinstance(answer, GrowthByHandSpent)]
    assert (len(refused) == 4) is guarded
    assert (sum(amount for _of, amount, *_ in ledger()) == 2000) is guarded


@pytest.fixture
def desk():
    seed_roles()
    create_role_accounts(password="x")

    def sit(account):
        client = Client()
        client.force_login(StaffUser.objects.get(username=account))
        return client

    with clock.fixed(NOON):
        yield sit


def filled(member, growth, **changes):
    return {"member": str(member.pk), "growth": growth, "reason": "赔礼", "reference": REFERENCE, **changes}


def test_service_gives_growth_from_the_members_page_within_the_bound(desk, member):
    client = desk("service")
    page = client.get(reverse("admin:identity_member_change", args=[member.pk])).content.decode()
    address = f"{reverse(PAGE)}?member={member.pk}"
    assert address in page
    assert f'value="{member.pk}"' in client.get(address).content.decode()
    assert client.post(reverse(PAGE), filled(member, 1200)).status_code == 302
    assert held(member) == "silver"
    entry = GrowthEntry.objects.get()
    assert (entry.reference, entry.note, entry.actor) == (f"manual:{REFERENCE}", "赔礼", "staff:service")
    logged = LogEntry.objects.get(content_type__model="membertier")
    assert (logged.object_id, logged.change_message) == (str(member.pk), "手动调整成长值：+1,200；现为银卡会员")
    other = "6d3d9b7e-3c1b-4c39-9f59-6d8a5a0b9c11"
    refused = client.post(reverse(PAGE), filled(member, 801, reference=other))
    assert "今天还可以增减 800 成长值" in refused.content.decode()
    assert desk("operator").post(reverse(PAGE), filled(member, 5000, reference=other)).status_code == 302
    assert MemberTier.objects.get().growth == 6200


@pytest.mark.parametrize(
    "wrong", [{"growth": 0}, {"growth": ""}, {"reason": ""}, {"member": "999999"}, {"reference": "x"}, {"growth": -1}]
)
def test_growth_by_hand_that_is_typed_wrong_changes_nothing(desk, member, wrong):
    assert desk("service").post(reverse(PAGE), {**filled(member, 100), **wrong}).status_code == 200
    assert not GrowthEntry.objects.exists()


def test_nobody_else_adjusts_growth(desk, member):
    client = desk("analyst")
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(PAGE), filled(member, 100)).status_code == 403
    assert not GrowthEntry.objects.exists()
