import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.test import Client
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from members.tiers.models import MemberTier, Tier, TierPolicy
from members.tiers.services import earn_growth, evaluate_members
from members.tiers.tests.making import at, held, tier
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)
RULES = "admin:tiers_tierpolicy_change_rules"
BY_HAND = "admin:tiers_membertier_set_by_hand"
SCREENS = ["tier", "tierpolicy", "membertier", "growthentry", "tierchange"]


@pytest.fixture(autouse=True)
def _on_10_march():
    with clock.fixed(NOON):
        yield


@pytest.fixture
def gold():
    member = MemberFactory(nickname="小满", phone="+8613800138000")
    with transaction.atomic():
        earn_growth(reference="order:1", member_id=member.pk, growth=5000, kind="spend", earned_at=NOON, now=NOON)
    return member


def draft(**changes):
    """What the form of the rules holds when it opens, changed."""
    fields = {
        "window": "rolling",
        "months": 12,
        "validity_months": 12,
        "grace_days": 30,
        "downgrade": "reevaluated",
        "refund_downgrades": "on",
        "growth_per_100_yuan": 100,
        "growth_per_100_points": 0,
        "note": "",
    }
    needs = {"normal": (0, 0), "silver": (1000, 800), "gold": (5000, 4000), "diamond": (20000, 16000)}
    for code, (threshold, retention) in {**needs, **changes.pop("needs", {})}.items():
        fields[f"threshold_{tier(code).pk}"] = threshold
        fields[f"retention_{tier(code).pk}"] = retention
    return {**fields, **changes}


@pytest.mark.parametrize("screen", SCREENS)
def test_lists_and_details_open(admin_client, gold, screen):
    assert admin_client.get(reverse(f"admin:tiers_{screen}_changelist")).status_code == 200
    model = {"tier": Tier, "membertier": MemberTier}.get(screen)
    if model:
        page = admin_client.get(reverse(f"admin:tiers_{screen}_change", args=[model.objects.first().pk]))
        assert page.status_code == 200


@pytest.mark.parametrize("screen", SCREENS[1:])
def test_ledger_history_and_standings_are_not_typed_in(admin_client, gold, screen):
    assert admin_client.get(reverse(f"admin:tiers_{screen}_add")).status_code == 403


@pytest.mark.parametrize("term", ["小满", "8000", "13800138000"])
def test_a_member_is_found_by_name_and_phone(admin_client, gold, term):
    MemberFactory(nickname="别人", phone="+8613911112222")
    page = admin_client.get(reverse("admin:tiers_membertier_changelist"), {"q": term}).content.decode()
    assert "小满" in page
    assert "金卡会员" in page


def test_a_members_ledger_is_one_click_away(admin_client, gold):
    page = admin_client.get(reverse("admin:tiers_membertier_change", args=[gold.pk])).content.decode()
    link = re.search(r'href="(/admin/tiers/growthentry/\?[^"]+)"', page)[1]
    assert "order:1" in admin_client.get(link.replace("&amp;", "&")).content.decode()


def test_rules_are_previewed_then_saved(admin_client, gold):
    changed = draft(reassess="on", needs={"gold": (6000, 4000)}, note="双十一前")
    page = admin_client.post(reverse(RULES), {**changed, "do": "preview"}).content.decode()
    assert "1 位会员中将有 1 位变动等级" in page
    assert "小满 (5,000)" in page
    assert 'value="save"' in page
    assert (TierPolicy.objects.count(), held(gold)) == (1, "gold")
    answer = admin_client.post(reverse(RULES), {**changed, "do": "save"})
    assert answer.status_code == 302
    policy = TierPolicy.objects.order_by("-pk")[0]
    assert (policy.note, policy.actor, policy.reassess) == ("双十一前", "staff:admin", True)
    assert policy.requirements.get(tier__code="gold").threshold == 6000
    assert LogEntry.objects.get(object_id=policy.pk, content_type__model="tierpolicy").user.username == "admin"
    evaluate_members(now=NOON)
    assert held(gold) == "silver"


def test_the_form_opens_with_the_present_rules_and_no_way_to_save_unseen(admin_client):
    page = admin_client.get(reverse(RULES)).content.decode()
    assert re.search(rf'name="threshold_{tier("gold").pk}" value="5000"', page)
    assert 'value="save"' not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"months": 0},
        {"validity_months": ""},
        {"needs": {"gold": (1000, 0)}},
        {"needs": {"gold": (5000, 5001)}},
        {"needs": {"normal": (1, 0)}},
        {"needs": {"gold": (-5, 0)}},
        {"window": "fortnight"},
    ],
)
def test_rules_that_cannot_stand_are_neither_shown_nor_saved(admin_client, gold, wrong):
    for step in ("preview", "save"):
        answer = admin_client.post(reverse(RULES), {**draft(**wrong), "do": step})
        assert answer.status_code == 200
        assert 'value="save"' not in answer.content.decode()
    assert TierPolicy.objects.count() == 1


def test_a_tier_left_blank_goes_out_of_use(admin_client, gold):
    admin_client.post(reverse(RULES), {**draft(needs={"gold": ("", "")}), "do": "save"})
    evaluate_members(now=NOON)
    assert held(gold) == "silver"


def test_service_sets_a_tier_by_hand_with_reason_and_last_day(admin_client):
    member = MemberFactory(phone="+8613800138000")
    given = {"member": "13800138000", "tier": tier("gold").pk, "last_day": "2026-04-30", "reason": "物流延误"}
    assert admin_client.post(reverse(BY_HAND), given).status_code == 302
    row = MemberTier.objects.get(pk=member.pk)
    assert (held(member), row.manual_reason, str(row.manual_until)) == ("gold", "物流延误", "2026-05-01")
    assert LogEntry.objects.filter(object_id=member.pk, content_type__model="membertier").count() == 1
    end = reverse("admin:tiers_membertier_end_by_hand", args=[member.pk])
    assert admin_client.get(end).status_code == 200
    assert held(member) == "gold"
    assert admin_client.post(end, {"reason": "误设"}).status_code == 302
    assert held(member) == "normal"


@pytest.mark.parametrize(
    "wrong", [{"member": "999999"}, {"reason": ""}, {"last_day": "2026-03-09"}, {"tier": 0}, {"member": "x" * 30}]
)
def test_a_tier_by_hand_that_is_typed_wrong_changes_nothing(admin_client, wrong):
    member = MemberFactory()
    given = {"member": str(member.pk), "tier": tier("gold").pk, "last_day": "2026-04-30", "reason": "x", **wrong}
    assert admin_client.post(reverse(BY_HAND), given).status_code == 200
    assert not MemberTier.objects.exists()


def test_benefits_are_changed_with_their_history(admin_client):
    gold = tier("gold")
    fields = {"name": "金卡会员", "name_en": "Gold", "points_multiplier_bp": 13000, "discount_bp": 300}
    page = reverse("admin:tiers_tier_change", args=[gold.pk])
    admin_client.post(page, {**fields, "birthday_points": 300, "priority": 1})
    gold.refresh_from_db()
    assert (gold.points_multiplier_bp, gold.code) == (13000, "gold")
    assert list(gold.history.values_list("points_multiplier_bp", flat=True)) == [13000, 12500]
    assert admin_client.post(reverse("admin:tiers_tier_delete", args=[gold.pk])).status_code == 403


@pytest.mark.parametrize("screen", [RULES, BY_HAND])
def test_who_may_not_is_turned_away(screen, db):
    client = Client()
    client.force_login(StaffUser.objects.create_user("clerk", is_staff=True))
    assert client.get(reverse(screen)).status_code == 403
    assert client.post(reverse(screen), {"do": "save"}).status_code == 403
    assert TierPolicy.objects.count() == 1
