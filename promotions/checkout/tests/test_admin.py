"""The grid of combinations and the list of claims, as staff see them."""

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils.translation import override

from promotions.checkout.admin import PromotionClaimAdmin
from promotions.checkout.combination import COMBINATION, PAIRS, set_combination
from promotions.checkout.mechanisms import BY_NAME, MemberBenefits
from promotions.checkout.models import CombinationRule, PromotionClaim
from promotions.pricing.model import Combination, Mechanism
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db(transaction=True)
GRID = "admin:promotion_checkout_combinationrule_changelist"


@pytest.fixture
def owner(client):
    client.force_login(StaffUser.objects.create_superuser("owner"))
    return client


def ticked(refused):
    return {f"{one.value}-{other.value}": "on" for one, other in PAIRS if (one, other) not in refused}


def test_the_grid_begins_with_the_answers_in_code(owner):
    page = owner.get(reverse(GRID)).content.decode()
    assert page.count('type="checkbox"') >= len(PAIRS) == 39
    assert COMBINATION.value() == Combination()


def test_ticks_are_stored_and_act(owner):
    refused = Combination().refused - {(Mechanism.COUPON, Mechanism.COUPON)} | {
        (Mechanism.TIMED_DISCOUNT, Mechanism.COUPON)
    }
    answer = owner.post(reverse(GRID), ticked(refused))
    assert answer.status_code == 302
    assert COMBINATION.value() == Combination(refused)
    assert {(each.one, each.other, each.agrees) for each in CombinationRule.objects.all()} == {
        ("coupon", "coupon", True),
        ("timed_discount", "coupon", False),
    }
    assert {each.history_user.username for each in CombinationRule.history.all()} == {"owner"}


def test_an_answer_that_is_not_new_is_not_stored_again():
    agreements = dict.fromkeys(PAIRS, True)
    assert set_combination(agreements=agreements) == 4
    assert set_combination(agreements=agreements) == 0
    assert CombinationRule.history.count() == 4


def test_who_may_only_look_changes_nothing(client):
    staff = StaffUser.objects.create_user("analyst", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_combinationrule"))
    client.force_login(staff)
    assert client.get(reverse(GRID)).status_code == 200
    assert client.post(reverse(GRID), ticked(set())).status_code == 403
    assert not CombinationRule.objects.exists()


def test_claims_are_listed_with_what_was_taken(owner):
    taken = [{"kind": "coupon", "id": 7, "label": "满 100 减 20", "amount_fen": -2000}]
    row = PromotionClaim.objects.create(
        order_number="D1", mechanism="coupon", taken=taken, amount_fen=2000, claimed_at=clock.now()
    )
    assert "¥20.00" in owner.get(reverse("admin:promotion_checkout_promotionclaim_changelist")).content.decode()
    page = owner.get(reverse("admin:promotion_checkout_promotionclaim_change", args=[row.pk])).content.decode()
    assert "满 100 减 20 -¥20.00" in page


def test_every_claim_is_named_for_what_it_is(owner):
    """Every mechanism that an order can claim has a name of its own, in the words of the staff."""
    shown = PromotionClaimAdmin(PromotionClaim, site).shown_mechanism
    with override("en"):
        names = {each: shown(PromotionClaim(mechanism=each)) for each in BY_NAME if each != MemberBenefits.name}
        assert names["flash_sale"] == "flash sale"
    assert len(set(names.values())) == len(names) == 11
    with override("zh-hans"):
        assert not [each for each in names if shown(PromotionClaim(mechanism=each)).isascii()]
