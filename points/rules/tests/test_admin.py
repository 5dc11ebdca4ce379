"""The screens of rules: written by forms, shown in words, published after a second look, tried on purchases."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from members.tiers.services import earn_growth
from points.rules.forms import RuleForm
from points.rules.models import Backtest, EarningRule, Holiday, RuleSetVersion
from points.rules.services import earn, take_back
from points.rules.spec import Days, Fixed, Goods, Limit, Multiplier, PerAmount, Period, Scope, Tiers, Weekdays
from points.rules.tests.making import SATURDAY, at, bought, line, spec
from points.rules.tests.publishing import drafted, first_rule, publish
from points.rules.tests.test_engine import CONDITIONS
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db
ADD, LIST = "admin:rules_earningrule_add", "admin:rules_earningrule_changelist"


@pytest.fixture(autouse=True)
def _on_a_saturday():
    with clock.fixed(SATURDAY):
        yield


@pytest.fixture
def tea():
    return SkuFactory(price_fen=12_345)


def page_of(rule, action="change"):
    return reverse(f"admin:rules_earningrule_{action}", args=[rule.pk])


def filled(**fields):
    return {"name": "周六双倍", "event": "order", "effect": "multiplier", "times": "2", **fields}


def saturdays(tea):
    return filled(
        tiers=["gold"],
        weekdays=["6"],
        categories=[tea.product.category_id],
        limit_1_amount="500",
        limit_1_unit="points",
        limit_1_period="day",
        limit_1_scope="member",
        last_day="2026-03-31",
    )


def test_a_rule_is_made_by_a_form(admin_client, tea):
    answer = admin_client.post(reverse(ADD), saturdays(tea))
    rule = EarningRule.objects.latest("pk")
    assert answer.url == page_of(rule)
    assert rule.spec.effect == Multiplier(20_000)
    assert rule.spec.conditions == (
        Tiers(("gold",)),
        Weekdays((6,)),
        Goods(category_ids=(tea.product.category_id,)),
    )
    assert rule.spec.limits == (Limit(Scope.MEMBER, Period.DAY, 500),)
    assert rule.live is None


def test_the_sentence_follows_what_is_typed(admin_client, tea):
    url = reverse("admin:rules_earningrule_sentence")
    said = admin_client.post(url, saturdays(tea)).json()["sentence"]
    category = tea.product.category.name
    assert said == f"金卡会员，周六，{category}类商品双倍积分，每日最多 500 分，至 3 月 31 日"
    assert admin_client.post(url, filled(times="")).json() == {"sentence": ""}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"times": ""}, "__all__"),
        ({"effect": "per_amount", "rate_points": "1"}, "__all__"),
        ({"first_day": "2026-04-01", "last_day": "2026-03-31"}, "last_day"),
        ({"combine": "best"}, "group"),
        ({"on_holidays": "these"}, "holidays"),
        ({"effect": "by_streak", "streak_1_day": "1", "streak_1_points": "5"}, "effect"),
        ({"limit_1_amount": "1", "limit_1_unit": "times", "limit_1_period": "order"}, "limit_1_period"),
        ({"limit_1_amount": "-5"}, "limit_1_amount"),
    ],
)
def test_what_makes_no_rule_is_refused_at_its_field(admin_client, changed, field):
    before = EarningRule.objects.count()
    answer = admin_client.post(reverse(ADD), filled(**changed))
    assert field in answer.context["adminform"].form.errors
    assert EarningRule.objects.count() == before


EVERYTHING = spec(
    PerAmount(3, 1_050),
    conditions=tuple(condition for condition, *_ in CONDITIONS if not isinstance(condition, Days | Tiers)),
    limits=(Limit(Scope.EVERYBODY, Period.MONTH, 900),),
    priority=5,
    tier_multiplier=True,
)


@pytest.mark.parametrize("rule_spec", [spec(Fixed(5)), EVERYTHING])
def test_a_form_that_is_saved_as_it_opens_changes_nothing(admin_client, rule_spec):
    rule = drafted(rule_spec)
    form = RuleForm(instance=rule)
    sent = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent["minimum_fen"] = "100.00" if sent["minimum_fen"] else ""
    sent["rate_fen"] = "10.50"
    known = {name: value for name, value in sent.items() if value not in (None, False, "", [])}
    known.pop("segments", None)
    answer = admin_client.post(page_of(rule), known)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    rule.refresh_from_db()
    without_segments = tuple(each for each in rule_spec.conditions if type(each).__name__ != "Segments")
    assert set(rule.spec.conditions) == set(without_segments)
    assert (rule.spec.effect, rule.spec.limits, rule.spec.priority) == (
        rule_spec.effect,
        rule_spec.limits,
        rule_spec.priority,
    )


def test_publishing_is_looked_at_again_and_written_down(admin_client, member):
    rule = drafted(spec(Fixed(10)), name="见面礼")
    sets = RuleSetVersion.objects.count()
    page = admin_client.get(page_of(rule, "publish"))
    assert "送 10 分" in page.content.decode()
    assert RuleSetVersion.objects.count() == sets
    admin_client.post(page_of(rule, "publish"))
    assert earn(event=bought(line(100), member_id=member.pk), now=SATURDAY).points == 11
    assert LogEntry.objects.latest("pk").object_repr == "见面礼"
    admin_client.post(page_of(rule, "pause"))
    assert earn(event=bought(line(100), member_id=member.pk, reference="order:2"), now=SATURDAY).points == 1


def test_only_what_is_possible_is_offered(admin_client):
    live, draft = first_rule(), drafted(spec(Fixed(10)))
    assert admin_client.get(page_of(live, "publish")).status_code == 403
    assert admin_client.get(page_of(draft, "pause")).status_code == 403
    assert admin_client.get(page_of(draft, "resume")).status_code == 403
    assert (
        admin_client.post(reverse("admin:rules_earningrule_delete", args=[live.pk]), {"post": "yes"}).status_code == 403
    )
    admin_client.post(reverse("admin:rules_earningrule_delete", args=[draft.pk]), {"post": "yes"})
    assert list(EarningRule.objects.all()) == [live]


def test_a_preview_tells_what_the_draft_would_change_and_why(admin_client, tea):
    gold = MemberFactory(phone="+8613800138000")
    before = at(2026, 3, 20)
    earn_growth(reference="g", member_id=gold.pk, growth=5000, kind="spend", earned_at=before, now=before)
    admin_client.post(reverse(ADD), saturdays(tea))
    rule = EarningRule.objects.latest("pk")
    sent = {"member": "13800138000", "sku_1": tea.pk, "units_1": "2", "at_0": "2026-03-28", "at_1": "12:00"}
    answer = admin_client.post(page_of(rule, "try_draft"), sent)
    live, draft = answer.context["results"]
    # 246 points for ¥246.90, a quarter of it for gold, and the same 246 once more.
    assert (live["points"], draft["points"]) == ("307 分", "553 分")
    assert [each.code for each in draft["gave"]] == ["per_amount", "tier", "multiplier"]
    friday = admin_client.post(page_of(rule, "try_draft"), {**sent, "at_0": "2026-03-27"})
    assert [each.code for each in friday.context["results"][1]["refused"]] == ["not_this_weekday"]
    assert "不是活动星期" in friday.content.decode()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"sku_1": ""}, "sku_1"),
        ({"member": ""}, "member"),
        ({"member": "10086"}, "member"),
        ({"order": "D0"}, "order"),
    ],
)
def test_a_preview_asks_for_what_is_missing(admin_client, member, tea, sent, field):
    given = {"member": str(member.pk), "sku_1": tea.pk, "units_1": "1", **sent}
    answer = admin_client.post(reverse("admin:rules_earningrule_try_rules"), given)
    assert field in answer.context["form"].errors
    assert "results" not in answer.context


def test_holidays_that_change_make_a_new_rule_set(admin_client):
    before = RuleSetVersion.objects.latest("pk").pk
    admin_client.post(
        reverse("admin:rules_holiday_add"), {"name": "元旦", "first_day": "2027-01-01", "last_day": "2027-01-03"}
    )
    assert Holiday.objects.get().name == "元旦"
    newest = RuleSetVersion.objects.latest("pk")
    assert (newest.reason, newest.pk > before) == ("holidays", True)


def test_products_and_skus_are_found_by_typing(admin_client, tea):
    for name in ("products", "skus"):
        url = reverse(f"admin:rules_earningrule_{name}")
        found = admin_client.get(url, {"term": tea.product.name[:2]}).json()["results"]
        assert len(found) == 1
        assert tea.product.name in found[0]["text"]
        assert admin_client.get(url, {"term": "没有这个"}).json()["results"] == []


def test_lists_and_details_open(admin_client, member):
    version = publish(spec(Fixed(10)))
    earning = earn(event=bought(line(100), member_id=member.pk), now=SATURDAY)
    backtest = Backtest.objects.create(
        rule=version.rule,
        name="b",
        definition=version.definition,
        first_day="2026-01-01",
        last_day="2026-01-31",
        created_at=SATURDAY,
    )
    for model, row in (
        ("earningrule", version.rule),
        ("ruleversion", version),
        ("earning", earning),
        ("backtest", backtest),
    ):
        assert admin_client.get(reverse(f"admin:rules_{model}_changelist")).status_code == 200
        assert admin_client.get(reverse(f"admin:rules_{model}_change", args=[row.pk])).status_code == 200
    assert (
        "“规则”得 10 分" in admin_client.get(reverse("admin:rules_earning_change", args=[earning.pk])).content.decode()
    )


def test_the_record_of_an_earning_shows_each_line(admin_client, member):
    earning = earn(event=bought(line(10_000), line(20_000), member_id=member.pk), now=SATURDAY)
    take_back(of=earning.reference, reference="r", left_fen=[10_000, 5_000], now=SATURDAY)
    page = admin_client.get(reverse("admin:rules_earning_change", args=[earning.pk])).content.decode()
    cells = re.findall(r"<td[^>]*>\s*(.*?)\s*</td>", page, re.DOTALL)
    assert [cells[i : i + 5] for i in (0, 5)] == [
        ["1", "¥100.00", "¥100.00", "100", "100"],
        ["2", "¥200.00", "¥50.00", "200", "50"],
    ]


def test_who_may_only_look_sees_the_rule_in_words(client, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", password="x", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_earningrule"))
    client.force_login(clerk)
    page = client.get(page_of(first_rule())).content.decode()
    assert "每 ¥1 得 1 分" in page
    assert client.get(page_of(first_rule(), "pause")).status_code == 403
    assert client.post(page_of(first_rule()), filled()).status_code == 403
    asked = [reverse(f"admin:rules_earningrule_{name}") for name in ("sentence", "products", "skus")]
    assert [client.post(url).status_code for url in asked] == [200, 200, 200]
    clerk.user_permissions.clear()
    client.force_login(django_user_model.objects.get(pk=clerk.pk))
    assert [client.post(url).status_code for url in asked] == [403, 403, 403]
