import pytest
from django.urls import reverse

from promotions.bargaining.models import Bargain
from promotions.bargaining.tests.making import DAY, help_with, make_bargain, make_live_bargain, start
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin_client):
    return admin_client


def typed(sku, **fields):
    now = clock.now()
    return {
        "name": "新春砍价",
        "sku": sku.pk,
        "floor_fen": "60",
        "buy_at": "any",
        "fewest_cuts": 5,
        "most_cuts": 8,
        "first_cut_bp": "30",
        "new_helper_cuts": 2,
        "new_helper_days": 7,
        "owner_cuts_first": "on",
        "attempt_hours": 24,
        "attempts_per_member": 1,
        "helps_per_day": 3,
        "quota": 20,
        "budget_fen": "1000",
        "starts_at_0": f"{now - DAY:%Y-%m-%d}",
        "starts_at_1": "00:00:00",
        "ends_at_0": f"{now + 2 * DAY:%Y-%m-%d}",
        "ends_at_1": "00:00:00",
        **fields,
    }


def publish(desk, bargain):
    step = reverse("admin:bargaining_bargain_step", args=[bargain.pk, "publish"])
    codes = "\n".join(each for each in ("rewards_groups",))
    return desk.post(step, {"codes": codes, "noted": "on"})


def test_a_bargain_is_drafted_looked_at_and_published(desk):
    assert desk.post(reverse("admin:bargaining_bargain_add"), typed(SkuFactory())).status_code == 302
    bargain = Bargain.objects.get()
    assert (bargain.floor_fen, bargain.first_cut_bp, bargain.budget_fen) == (6000, 3000, 100_000)
    page = desk.get(reverse("admin:bargaining_bargain_change", args=[bargain.pk])).content.decode()
    assert 5 <= page.count("<title>¥") <= 8
    assert "¥100.00 → ¥" not in page
    assert publish(desk, bargain).status_code == 302
    bargain.refresh_from_db()
    assert bargain.status == "running"
    looked_at = desk.get(reverse("admin:bargaining_bargain_change", args=[bargain.pk])).content.decode()
    assert "data-bargain-run" in looked_at


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"floor_fen": 10_000}, "底价必须低于售价"),
        ({"floor_fen": 2000}, "至少卖"),
        ({"floor_fen": 9999, "most_cuts": 2, "fewest_cuts": 1}, "1 分"),
    ],
)
def test_a_bargain_that_cannot_be_kept_is_not_published(desk, fields, reason):
    bargain = make_live_bargain(SkuFactory(floor_price_fen=3000), status="draft", budget_fen=100, **fields)
    assert reason in publish(desk, bargain).content.decode()
    bargain.refresh_from_db()
    assert bargain.status == "draft"
    assert reason in desk.get(reverse("admin:bargaining_bargain_change", args=[bargain.pk])).content.decode()


@pytest.mark.parametrize("fields", [{"fewest_cuts": 9}, {"most_cuts": 101}, {"floor_fen": "0"}, {"first_cut_bp": "95"}])
def test_numbers_that_make_no_bargain_are_refused_with_a_sentence(desk, fields):
    answer = desk.post(reverse("admin:bargaining_bargain_add"), typed(SkuFactory(), **fields))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not Bargain.objects.exists()


def test_a_clone_has_sold_nothing(desk):
    bargain = make_bargain(quota=5, taken=3)
    desk.post(reverse("admin:bargaining_bargain_step", args=[bargain.pk, "clone"]))
    copy = Bargain.objects.exclude(pk=bargain.pk).get()
    assert (copy.status, copy.taken, copy.quota, copy.sku_id) == ("draft", 0, 5, bargain.sku_id)


def test_lists_results_and_attempts_open(desk):
    attempt = start(make_live_bargain(), now=clock.now())
    help_with(attempt, now=clock.now())
    for name in ("bargain", "bargainattempt"):
        assert desk.get(reverse(f"admin:bargaining_{name}_changelist")).status_code == 200
    found = desk.get(reverse("admin:bargaining_bargainattempt_changelist"), {"q": attempt.member.phone})
    assert found.context["cl"].result_count == 1
    page = desk.get(reverse("admin:bargaining_bargainattempt_change", args=[attempt.pk])).content.decode()
    assert page.count("<title>¥") == 5
    assert "data-bargain-run" in page
    step = reverse("admin:bargaining_bargain_step", args=[attempt.bargain_id, "result"])
    assert desk.get(step).status_code == 200
    assert desk.get(reverse("admin:campaigns_preview"), {"draft": f"bargain-{attempt.bargain_id}"}).status_code == 200
