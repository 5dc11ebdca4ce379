"""Accounts that become one, members who leave, and members who take their data along."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from members.identity.models import Cancellation, Member
from members.identity.services import erase_due, merging
from members.identity.tests.factories import MemberFactory
from members.tiers.invariants import LAWS
from members.tiers.member_data import erase, export, move
from members.tiers.models import GrowthEntry, MemberTier, TierChange
from members.tiers.services import earn_growth, set_manual_tier
from members.tiers.tests.making import STAFF, at, held, tier
from tests.traces import traces

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)


@pytest.fixture
def phone(db):
    return MemberFactory(openid=None)


@pytest.fixture
def wechat(db):
    return MemberFactory(phone=None, openid="mine")


@pytest.fixture(autouse=True)
def _laws_hold():
    yield
    assert {law.__name__: law() for law in LAWS if law()} == {}


def earn(member, growth, *, now=NOON):
    with transaction.atomic():
        earn_growth(
            reference=f"{member.pk}-{growth}",
            member_id=member.pk,
            growth=growth,
            kind="spend",
            earned_at=now,
            now=now,
        )


def merge(source, target):
    with transaction.atomic():
        merging.merge_accounts(source_id=source.pk, target_id=target.pk, now=NOON)


def history(member):
    changes = TierChange.objects.filter(member=member).order_by("pk")
    return list(changes.values_list("from_tier__code", "to_tier__code", "reason"))


def test_growth_of_both_accounts_counts_together(phone, wechat):
    earn(phone, 3000)
    earn(wechat, 2000)
    merge(wechat, phone)
    assert (held(phone), MemberTier.objects.get(pk=phone.pk).growth) == ("gold", 5000)
    assert history(phone) == [("normal", "silver", "upgrade"), ("silver", "gold", "upgrade")]
    assert history(wechat) == [("normal", "silver", "upgrade"), ("silver", "normal", "merger")]
    assert set(GrowthEntry.objects.values_list("member", flat=True)) == {phone.pk}


def test_the_higher_tier_is_held_on_with_its_validity(phone, wechat):
    earn(phone, 1000)
    earn(wechat, 5000, now=at(2025, 2, 20))
    diamond = tier("diamond").pk
    set_manual_tier(member_id=wechat.pk, tier_id=diamond, reason="赔礼", last_day=None, actor=STAFF, now=NOON)
    merge(wechat, phone)
    after = MemberTier.objects.get(pk=phone.pk)
    assert (held(phone), after.manual_reason) == ("diamond", "赔礼")
    assert (after.earned_tier.code, after.valid_until) == ("gold", date(2026, 2, 20))
    assert history(phone)[-1] == ("silver", "diamond", "merger")
    with transaction.atomic():
        assert move(source_id=wechat.pk, target_id=phone.pk, now=NOON) == {"growth": 0}
    assert len(history(phone)) == 2


def test_an_account_without_growth_brings_none(phone, wechat):
    earn(phone, 1000)
    merge(wechat, phone)
    assert (held(phone), MemberTier.objects.count()) == ("silver", 1)


def test_what_staff_wrote_goes_with_the_member_and_the_numbers_stay(phone):
    earn(phone, 1000)
    set_manual_tier(
        member_id=phone.pk, tier_id=tier("gold").pk, reason="张女士投诉", last_day=None, actor=STAFF, now=NOON
    )
    with transaction.atomic():
        assert erase(member_id=phone.pk, now=NOON) == {"tier_notes": 1, "growth_notes": 0, "tier_reasons": 1}
    assert TierChange.objects.filter(note="").count() == 2
    assert (held(phone), MemberTier.objects.get().manual_reason) == ("gold", "")


def test_what_staff_wrote_about_an_account_that_was_merged_goes_too(phone, wechat, admin_user):
    trail = {"content_type": ContentType.objects.get_for_model(Member), "object_id": str(wechat.pk)}
    LogEntry.objects.create(user=admin_user, object_repr="晚舟", action_flag=2, **trail)
    set_manual_tier(
        member_id=wechat.pk, tier_id=tier("gold").pk, reason="晚舟 来电", last_day=None, actor=STAFF, now=NOON
    )
    merge(wechat, phone)
    assert traces(["晚舟"]).keys() == {
        "django_admin_log.object_repr",
        "tiers_tierchange.note",
        "tiers_membertier.manual_reason",
    }
    Cancellation.objects.create(member=phone, requested_at=NOON, due_at=NOON)
    assert erase_due(now=NOON) == {"erased": 1, "postponed": 0}
    assert traces(["晚舟"]) == {}
    wechat.refresh_from_db()
    assert (wechat.status, wechat.merged_into_id) == ("merged", phone.pk)


def test_members_take_their_tier_and_growth_along(phone):
    earn(phone, 1000)
    data = export(member_id=phone.pk)
    assert (data["tier"]["tier__code"], data["tier"]["growth"]) == ("silver", 1000)
    assert [entry["amount"] for entry in data["growth"]] == [1000]
    assert [change["reason"] for change in data["tier_changes"]] == ["upgrade"]
