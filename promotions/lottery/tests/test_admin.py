import pytest
from django.db import transaction
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.models import CampaignBundle
from promotions.campaigns.services.bundles import findings_of_bundle, save_bundle
from promotions.campaigns.services.lifecycle import findings_of, pause_campaign, withdraw_campaign
from promotions.coupons.tests.making import make_template
from promotions.lottery.models import RULES, ChanceEntry, Lottery, Prize, PrizeCode
from promotions.lottery.tests.making import (
    CLERK,
    DAY,
    FIFTY,
    NOW,
    REST,
    chances_of,
    draft_lottery,
    given_and_drawn,
    make_live_lottery,
    make_lottery,
    sure,
)
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(admin_client):
    return admin_client


def step(lottery, name):
    return reverse("admin:lottery_lottery_step", args=[lottery.pk, name])


def part(lottery, name):
    return reverse("admin:lottery_lottery_part", args=[lottery.pk, name])


def change(lottery):
    return reverse("admin:lottery_lottery_change", args=[lottery.pk])


def rows(*prizes):
    sent = {"prizes-TOTAL_FORMS": len(prizes), "prizes-INITIAL_FORMS": 0}
    for number, prize in enumerate(prizes):
        sent |= {f"prizes-{number}-{name}": value for name, value in prize.items()}
    return sent


def typed(**fields):
    now = clock.now()
    return {
        "name": "大转盘",
        "takes_chances": "on",
        "draws_per_day": 3,
        "claim_days": 15,
        "check_in_chances": 1,
        "invitation_chances": 0,
        "review_chances": 0,
        "order_chances": 0,
        "order_moment": "completion",
        "budget_fen": "500",
        "starts_at_0": f"{now - DAY:%Y-%m-%d}",
        "starts_at_1": "00:00:00",
        "ends_at_0": f"{now + 2 * DAY:%Y-%m-%d}",
        "ends_at_1": "00:00:00",
        **fields,
    }


def test_a_lottery_is_drafted_looked_at_and_published(desk):
    sku = SkuFactory(price_fen=9900, stock=5)
    goods = {"name": "花灯", "kind": "goods", "weight": 1, "sku": sku.pk, "stock": 2, "worth_fen": "80"}
    rest = {"name": "谢谢", "kind": "none", "weight": 3, "is_fallback": "on"}
    added = desk.post(reverse("admin:lottery_lottery_add"), {**typed(), **rows(goods, rest)})
    assert added.status_code == 302, added.context["errors"]
    lottery = Lottery.objects.get()
    assert (lottery.budget_fen, lottery.prizes.get(kind="goods").worth_fen) == (50_000, 8000)
    page = desk.get(part(lottery, "odds")).content.decode()
    assert "25 %" in page
    assert "¥99.00" in page
    assert desk.post(step(lottery, "publish"), {"codes": "", "noted": "on"}).status_code == 302
    lottery.refresh_from_db()
    digest = lottery.odds_versions.get().digest
    assert lottery.status == "running"
    assert digest in desk.get(part(lottery, "odds")).content.decode()
    assert desk.get(change(lottery)).status_code == 200


@pytest.mark.parametrize(
    ("prizes", "fields", "reason"),
    [
        ([FIFTY], {}, "其余"),
        ([{**REST, "weight": 1}], {}, "权重"),
        ([{**FIFTY, "points": 0}, REST], {}, "多少积分"),
        ([{**FIFTY, "kind": "coupon"}, REST], {}, "优惠券"),
        ([{**FIFTY, "kind": "goods", "stock": 1}, REST], {}, "商品"),
        ([{**FIFTY, "kind": "code", "stock": 0}, REST], {}, "导入"),
        ([FIFTY, REST], {"takes_chances": False}, "机会"),
    ],
)
def test_a_lottery_that_cannot_be_drawn_is_not_published(desk, prizes, fields, reason):
    lottery = draft_lottery(*prizes, **{"ends_at": None, **fields})
    page = desk.post(step(lottery, "publish"), {"codes": "", "noted": "on"}).content.decode()
    lottery.refresh_from_db()
    assert (lottery.status, lottery.odds_versions.count()) == ("draft", 0)
    assert reason in page


def test_more_than_the_shop_has_is_not_promised(desk):
    sku = SkuFactory(stock=1)
    lottery = draft_lottery(*sure(kind="goods", sku=sku, stock=2), ends_at=None)
    page = desk.post(step(lottery, "publish"), {"codes": "", "noted": "on"}).content.decode()
    lottery.refresh_from_db()
    assert (lottery.status, "少于" in page) == ("draft", True)


@pytest.mark.parametrize(("fen", "status"), [(5_000_000, "running"), (5_000_001, "draft")])
def test_no_prize_is_worth_more_than_the_law_allows(desk, fen, status):
    """Whatever the merchant says that the goods are worth: the shop sells them for that much."""
    sku = SkuFactory(price_fen=fen, stock=5)
    prizes = sure(kind="goods", sku=sku, stock=1, worth_fen=100)
    lottery = draft_lottery(*prizes, ends_at=None, now=clock.now())
    page = desk.post(step(lottery, "publish"), {"codes": "", "noted": "on"})
    lottery.refresh_from_db()
    assert lottery.status == status
    assert page.status_code == (302 if status == "running" else 200)


@pytest.mark.parametrize(
    ("prizes", "fields"),
    [
        ((FIFTY, {**REST, "kind": "points", "points": 1}), {"budget_fen": 100}),
        (("goods", REST), {"budget_fen": None}),
    ],
)
def test_what_gives_to_all_and_goods_without_a_worth_ask_for_a_second_person(desk, prizes, fields):
    """A hundred of goods that are sold for ¥5,000."""
    goods = {
        "name": "冰箱",
        "kind": "goods",
        "sku": SkuFactory(price_fen=500_000, stock=100),
        "stock": 100,
        "weight": 1,
    }
    rows_ = [goods if each == "goods" else each for each in prizes]
    lottery = draft_lottery(*rows_, ends_at=None, now=clock.now(), **fields)
    codes = "\n".join(each.code for each in findings_of(lottery, now=clock.now()))
    assert desk.post(step(lottery, "publish"), {"codes": codes, "noted": "on"}).status_code == 302
    lottery.refresh_from_db()
    assert lottery.status == "awaiting"


def test_what_a_prize_is_not_any_more_is_not_kept_with_it(desk):
    template = make_template(way="reward")
    prize = {"name": "50 积分", "kind": "points", "weight": 1, "points": 50, "template": template.pk, "worth_fen": "9"}
    rest = {"name": "谢谢", "kind": "none", "weight": 3, "is_fallback": "on", "points": 7}
    added = desk.post(reverse("admin:lottery_lottery_add"), {**typed(), **rows(prize, rest)})
    assert added.status_code == 302, added.context["errors"]
    kept = Lottery.objects.get().prizes.order_by("pk").values_list("points", "template", "worth_fen")
    assert list(kept) == [(50, None, 0), (0, None, 0)]


def test_a_bundle_leaves_what_a_lottery_has_promised_and_shares_the_rest(desk):
    lottery, now = make_live_lottery(), clock.now()
    bundle = CampaignBundle(name="节日", starts_at=now, ends_at=now + DAY, channels=["app"])
    with transaction.atomic():
        save_bundle(bundle=bundle, actor=CLERK, now=now)
    Lottery.objects.filter(pk=lottery.pk).update(bundle=bundle)
    pause_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=now)
    withdraw_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=now)
    with transaction.atomic():
        save_bundle(bundle=bundle, actor=CLERK, now=now)
    codes = "\n".join(each.code for each in findings_of_bundle(bundle, now=now))
    answer = desk.post(reverse("admin:campaigns_bundle_publish", args=[bundle.pk]), {"codes": codes, "noted": "on"})
    assert answer.status_code == 302
    after = Lottery.objects.get()
    assert (after.status, after.channels) == ("running", ["app"])
    assert (after.starts_at, after.ends_at) == (lottery.starts_at, lottery.ends_at)


def test_what_is_for_the_rest_is_one_prize_without_limit(desk):
    rest = {"name": "谢谢", "kind": "none", "weight": 3, "is_fallback": "on"}
    for wrong in ([rest, {**rest, "name": "again"}], [{**rest, "stock": 5}], [{**rest, "kind": "goods"}]):
        answer = desk.post(reverse("admin:lottery_lottery_add"), {**typed(), **rows(*wrong)})
        assert answer.status_code == 200
        assert answer.context["errors"]
    assert not Lottery.objects.exists()


def test_more_of_a_prize_codes_and_chances_are_added_to_what_is_published(desk):
    code = {**FIFTY, "name": "电影", "kind": "code", "points": 0, "stock": 0}
    lottery = draft_lottery({**FIFTY, "stock": 2}, code, REST, ends_at=None, now=clock.now())
    member, points = MemberFactory.create(), lottery.prizes.get(kind="points")
    film = lottery.prizes.get(kind="code")
    desk.post(part(lottery, "codes"), {"prize": film.pk, "codes": "A-1\nA-2\n\nA-1"})
    assert desk.post(step(lottery, "publish"), {"codes": "", "noted": "on"}).status_code == 302
    desk.post(part(lottery, "codes"), {"prize": film.pk, "codes": "A-2\nA-3"})
    desk.post(part(lottery, "stock"), {"prize": points.pk, "units": 5})
    stocks = dict(Prize.objects.values_list("name", "stock"))
    assert (stocks["电影"], stocks["50 积分"], PrizeCode.objects.count()) == (3, 7, 3)
    sent = {"member": str(member.pk), "amount": 4, "note": "sorry", "reference": "form-1"}
    for _ in range(2):
        assert desk.post(part(lottery, "chances"), sent).status_code == 302
    assert (chances_of(lottery, member), ChanceEntry.objects.count()) == (4, 1)
    for name in ("stock", "codes", "chances"):
        assert desk.get(part(lottery, name)).status_code == 200
    assert desk.post(part(lottery, "chances"), {**sent, "member": "0"}).status_code == 200
    assert desk.get(part(lottery, "else")).status_code == 404


def test_what_was_published_of_a_lottery_that_has_begun_is_looked_at_even_in_a_draft(desk):
    lottery = make_live_lottery(*sure(stock=3))
    before = lottery.rules()
    desk.post(step(lottery, "pause"))
    desk.post(step(lottery, "withdraw"), {"note": ""})
    lottery.refresh_from_db()
    assert lottery.status == "draft"
    page = desk.get(change(lottery)).content.decode()
    assert 'name="intro"' in page
    assert 'name="prizes-0-weight"' not in page
    for name in RULES:
        assert f'name="{name}' not in page
    sent = {**typed(name="renamed", intro="nicer", prizes_per_day=1), **rows({"name": "new", "kind": "none"})}
    assert desk.post(change(lottery), sent).status_code == 302
    lottery.refresh_from_db()
    assert (lottery.intro, lottery.rules(), lottery.prizes.count()) == ("nicer", before, 2)
    desk.post(step(lottery, "clone"))
    copy = Lottery.objects.exclude(pk=lottery.pk).get()
    assert desk.post(change(copy), {**typed(name="renamed"), **rows()}).status_code == 302
    copy.refresh_from_db()
    assert (copy.name, copy.has_begun) == ("renamed", False)


def test_a_clone_has_the_same_prizes_none_of_them_given_and_no_codes(desk):
    lottery = make_live_lottery({**FIFTY, "stock": 3}, {**REST, "weight": 0})
    given_and_drawn(lottery, MemberFactory.create(), now=clock.now())
    desk.post(step(lottery, "clone"))
    copy = Lottery.objects.exclude(pk=lottery.pk).get()
    prizes = list(copy.prizes.order_by("pk").values_list("name", "weight", "stock", "won", "won_of_day"))
    assert prizes == [("50 积分", 1, 3, 0, 0), ("再接再厉", 0, None, 0, 0)]
    assert (copy.status, copy.spent_fen, copy.odds_versions.count()) == ("draft", 0, 0)


def test_lists_results_and_rows_open(desk):
    template = make_template(way="reward", starts_at=NOW - DAY, ends_at=NOW + DAY)
    lottery = make_lottery(*sure(kind="coupon", points=0, template=template))
    made = given_and_drawn(lottery, MemberFactory.create(nickname="林小满"))
    for name in ("lottery", "draw", "win", "chanceentry"):
        assert desk.get(reverse(f"admin:lottery_{name}_changelist")).status_code == 200
        found = desk.get(reverse(f"admin:lottery_{name}_changelist"), {"q": "林小"})
        assert found.status_code == 200
    for name in ("draw", "win"):
        assert desk.get(reverse(f"admin:lottery_{name}_change", args=[made.pk])).status_code == 200
    assert desk.get(step(lottery, "result")).status_code == 200
    assert desk.get(part(lottery, "odds")).status_code == 200
