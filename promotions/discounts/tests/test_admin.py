"""The console: drafts in forms without numbers of rows, steps with findings, previews, the calendar, results."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from members.tiers.models import Tier
from promotions.campaigns.models import CampaignBundle, CampaignEvent, CampaignStatus
from promotions.campaigns.services.switch import promotions_are_on
from promotions.coupons.tests.making import make_template
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.discounts.tests.making import DAY, NOW, draft_discount, draft_offer, published
from shop.catalog.tests.factories import SkuFactory, make_category, make_sku
from shop.core.models import StaffUser
from shop.core.roles import seed_roles

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_at_noon")]


def discount_form(*rows, **fields):
    given = {
        "name": "双十一",
        "starts_at_0": "2026-11-21",
        "starts_at_1": "00:00",
        "ends_at_0": "2026-11-22",
        "ends_at_1": "00:00",
        "items-TOTAL_FORMS": len(rows),
        "items-INITIAL_FORMS": 0,
        **fields,
    }
    for number, row in enumerate(rows):
        given |= {f"items-{number}-{name}": value for name, value in row.items()}
    return given


def offer_form(*rows, **fields):
    given = discount_form(**fields) | {"measure": "amount", "name": "满减", **fields}
    given |= {"tiers-TOTAL_FORMS": len(rows), "tiers-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        given |= {f"tiers-{number}-{name}": value for name, value in {"gift_quantity": 1, **row}.items()}
    return given


def step(client, campaign, name, *, follow=True, **data):
    url = reverse(f"admin:discounts_{campaign._meta.model_name}_step", args=[campaign.pk, name])
    return client.post(url, data, follow=follow) if data.pop("_post", True) else client.get(url)


def noting(page):
    form = page.context["form"]
    return {"codes": form.initial["codes"], "noted": "on"}


def stored(campaign):
    return type(campaign).objects.get(pk=campaign.pk)


def text(page):
    return page.content.decode()


def test_a_discount_is_typed_in_yuan_and_percent_and_goods_are_picked(owner):
    sku, tea, gold = make_sku(price_fen=9900), make_category("茶叶"), Tier.objects.get(code="gold")
    add = reverse("admin:discounts_timeddiscount_add")
    assert "autocomplete" in text(owner.get(add))
    rows = [{"sku": sku.pk, "price_fen": "69.90", "quota": 10}, {"category": tea.pk, "off_bp": "12.5"}]
    answer = owner.post(
        add,
        discount_form(
            *rows, tiers=[gold.pk], fronts=["h5"], not_with=["coupon"], budget_fen="5000", new_members_only="on"
        ),
    )
    assert answer.status_code == 302
    discount = TimedDiscount.objects.get()
    assert (discount.tier_ids, discount.channels, discount.refuses) == ([gold.pk], ["h5"], ["coupon"])
    assert (discount.budget_fen, discount.new_members_only, discount.created_by) == (500_000, True, "staff:author")
    # Typed in Shanghai: midnight there is 16:00 of the day before in UTC.
    assert discount.starts_at.isoformat() == "2026-11-20T16:00:00+00:00"
    assert list(discount.items.order_by("pk").values_list("sku", "category", "price_fen", "off_bp", "quota")) == [
        (sku.pk, None, 6990, None, 10),
        (None, tea.pk, None, 1250, None),
    ]
    page = text(owner.get(reverse("admin:discounts_timeddiscount_change", args=[discount.pk])))
    assert "69.90" in page
    assert "12.5" in page
    assert CampaignEvent.objects.get().action == "created"


@pytest.mark.parametrize(
    "row",
    [
        {"off_bp": "10"},
        {"sku": "SKU", "product": "PRODUCT", "off_bp": "10"},
        {"sku": "SKU"},
        {"sku": "SKU", "price_fen": "1", "off_bp": "10"},
        {"sku": "SKU", "off_bp": "101"},
        {"sku": "SKU", "off_bp": "much"},
        {"category": "CATEGORY", "price_fen": "10"},
    ],
)
def test_what_makes_no_sense_is_refused_beside_the_field(owner, row):
    sku = make_sku()
    ids = {"SKU": sku.pk, "PRODUCT": sku.product_id, "CATEGORY": sku.product.category_id}
    given = {name: ids.get(value, value) for name, value in row.items()}
    answer = owner.post(reverse("admin:discounts_timeddiscount_add"), discount_form(given))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not TimedDiscount.objects.exists()


def test_an_offer_with_tiers_a_gift_and_exclusions(owner):
    gift, tea, other = SkuFactory(stock=5), make_category(), make_sku()
    rows = [
        {"threshold_fen": "200", "off_fen": "30"},
        {"threshold_fen": "300", "off_bp": "15", "gift_sku": gift.pk, "gift_quota": 9, "free_shipping": "on"},
    ]
    picked = {"categories": [tea.pk], "without_products": [other.product_id]}
    assert owner.post(reverse("admin:discounts_spendoffer_add"), offer_form(*rows, **picked)).status_code == 302
    offer = SpendOffer.objects.get()
    assert (offer.category_ids, offer.excluded_product_ids) == ([tea.pk], [other.product_id])
    columns = ("threshold_fen", "off_fen", "off_bp", "free_shipping", "gift_sku", "gift_quota")
    assert list(offer.tiers.order_by("pk").values_list(*columns)) == [
        (20_000, 3000, 0, False, None, None),
        (30_000, 0, 1500, True, gift.pk, 9),
    ]
    refused = owner.post(
        reverse("admin:discounts_spendoffer_add"), offer_form({"threshold_fen": "10", "off_fen": "11"})
    )
    assert refused.status_code == 200
    assert SpendOffer.objects.count() == 1


def test_a_conflict_is_shown_and_nothing_is_published_before_somebody_took_note(owner):
    sku = make_sku(price_fen=10_000, name="西湖龙井")
    published(draft_discount({"sku": sku, "off_bp": 2000}))
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 3000})
    page = step(owner, offer, "publish", _post=False)
    for part in ("双十一", "西湖龙井", "¥370.00", "¥320.00", "¥290.00"):
        assert part in text(page)
    assert step(owner, offer, "publish", codes=page.context["form"].initial["codes"]).status_code == 200
    assert stored(offer).status == CampaignStatus.DRAFT
    answer = step(owner, offer, "publish", **noting(page))
    assert stored(offer).status == CampaignStatus.RUNNING
    assert CampaignEvent.objects.filter(action="noted", actor="staff:author", campaign_id=offer.pk).count() == 1
    assert "双十一" in text(answer)  # in the list of what happened


def test_what_is_published_while_somebody_reads_must_be_read_too(owner):
    sku = make_sku(price_fen=10_000)
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 3000})
    page = step(owner, offer, "publish", _post=False)
    published(draft_discount({"sku": sku, "off_bp": 2000}))
    data = {"codes": page.context["form"].initial["codes"], "noted": "on"}
    again = step(owner, offer, "publish", **data)
    assert stored(offer).status == CampaignStatus.DRAFT
    assert "双十一" in text(again)
    step(owner, offer, "publish", **noting(again))
    assert stored(offer).status == CampaignStatus.RUNNING


def test_steps_by_one_click_and_what_each_status_offers(owner):
    discount = published(draft_discount({"sku": make_sku(), "off_bp": 1000}))
    change = reverse("admin:discounts_timeddiscount_change", args=[discount.pk])

    def offered():
        return [each["url"].rstrip("/").rsplit("/", 1)[-1] for each in owner.get(change).context["campaign_steps"]]

    assert offered() == ["pause", "stop", "clone"]
    assert step(owner, discount, "pause", _post=False).status_code == 405
    step(owner, discount, "pause")
    assert offered() == ["withdraw", "resume", "stop", "clone"]
    step(owner, discount, "withdraw", note="wrong price")
    assert offered() == ["publish", "clone"]
    assert CampaignEvent.objects.get(action="withdrawn").note == "wrong price"
    step(owner, discount, "publish")
    assert stored(discount).status == CampaignStatus.RUNNING
    answer = step(owner, discount, "publish", codes="")
    assert stored(discount).status == CampaignStatus.RUNNING
    assert answer.status_code == 200
    step(owner, discount, "clone")
    assert TimedDiscount.objects.count() == 2
    step(owner, discount, "stop")
    assert offered() == ["clone"]
    assert stored(discount).end_reason == "stopped"
    assert step(owner, discount, "explode").status_code == 404


def test_what_is_published_is_looked_at_and_not_edited(owner):
    gold = Tier.objects.get(code="gold")
    offer = published(draft_offer({"threshold_fen": 20_000, "off_fen": 3000}, tier_ids=[gold.pk]))
    change = reverse("admin:discounts_spendoffer_change", args=[offer.pk])
    page = owner.get(change)
    assert str(gold) in text(page)
    assert f"/admin/checkout/order/?source=spend_offer:{offer.pk}" in page.content.decode()
    assert owner.post(change, offer_form({"threshold_fen": "1", "off_fen": "1"})).status_code == 403
    assert offer.tiers.get().threshold_fen == 20_000
    assert owner.post(reverse("admin:discounts_spendoffer_delete", args=[offer.pk]), {"post": "yes"}).status_code == 403
    draft = draft_offer({"threshold_fen": 20_000, "off_fen": 3000})
    owner.post(reverse("admin:discounts_spendoffer_delete", args=[draft.pk]), {"post": "yes"})
    assert list(SpendOffer.objects.all()) == [offer]


def test_a_second_person_approves(owner, client):
    discount = draft_discount({"sku": make_sku(), "off_bp": 9000})
    step(owner, discount, "publish")
    assert stored(discount).status == CampaignStatus.AWAITING_APPROVAL
    refused = step(owner, discount, "approve", codes="")
    assert refused.context["form"].errors
    assert stored(discount).status == CampaignStatus.AWAITING_APPROVAL
    client.force_login(StaffUser.objects.create_superuser("second"))
    step(client, discount, "approve")
    assert (stored(discount).status, stored(discount).approved_by) == (CampaignStatus.RUNNING, "staff:second")


def test_many_are_stopped_from_the_list(owner):
    running = [published(draft_discount({"sku": make_sku(), "off_bp": 1000})) for _ in range(2)]
    draft = draft_discount({"sku": make_sku(), "off_bp": 1000})
    owner.post(
        reverse("admin:discounts_timeddiscount_changelist"),
        {"action": "stop_selected", "confirmed": "1", "_selected_action": [each.pk for each in (*running, draft)]},
    )
    assert [stored(each).status for each in (*running, draft)] == ["ended", "ended", "draft"]


def test_the_calendar_draws_campaigns_by_goods_and_names_what_meets(owner):
    tea = make_category("茶叶")
    make_sku(price_fen=10_000, category_id=tea.pk, name="西湖龙井")
    published(draft_discount({"category": tea, "off_bp": 2000}, name="茶叶节"))
    published(draft_offer({"threshold_fen": 20_000, "off_fen": 3000}, name="满两百减三十"))
    draft_offer({"threshold_fen": 1, "free_shipping": True}, name="草稿", ends_at=None)
    published(draft_offer({"threshold_fen": 1, "off_bp": 100}, name="很久以后", starts_at=NOW + 90 * DAY, ends_at=None))
    make_template(starts_at=NOW, ends_at=NOW + DAY, name="茶叶券", product_ids=[0])
    page = owner.get(reverse("admin:campaigns_calendar"))
    groups = {group["goods"]: [bar.name for bar in group["bars"]] for group in page.context["groups"]}
    assert groups["茶叶"] == ["茶叶节"]
    assert {"满两百减三十", "草稿"} <= {name for goods, names in groups.items() if goods != "茶叶" for name in names}
    assert "很久以后" not in text(page)
    bars = {bar.name: bar for group in page.context["groups"] for bar in group["bars"]}
    # Six weeks from a week ago, at noon: 7.5 of 42 days in, one day long.
    assert (bars["茶叶节"].left, bars["茶叶节"].width) == ("17.86%", "2.38%")
    assert (bars["茶叶节"].meets, bars["草稿"].meets) == (True, False)
    (conflict,) = page.context["conflicts"]
    assert "¥290.00" in conflict["sentence"]
    later = owner.get(reverse("admin:campaigns_calendar"), {"from": "2027-02-01"})
    assert "很久以后" in text(later)
    assert owner.get(reverse("admin:campaigns_calendar"), {"from": "rubbish"}).status_code == 200


def test_all_promotions_are_switched_off_and_on_by_one_click(owner):
    url = reverse("admin:campaigns_switch")
    assert owner.get(url).status_code == 405
    assert promotions_are_on()
    owner.post(url, {"on": "0"})
    assert not promotions_are_on()
    owner.post(url, {"on": "1"})
    assert promotions_are_on()


def test_a_bundle_is_published_whole_or_not_at_all(owner):
    add = reverse("admin:campaigns_campaignbundle_add")
    form = discount_form(name="双十一")
    owner.post(add, {**form, "new_members_only": "on"})
    bundle = CampaignBundle.objects.get()
    sku = make_sku(price_fen=10_000)
    other = published(draft_discount({"sku": sku, "off_bp": 100}, name="别的活动", ends_at=None))
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 3000}, bundle=bundle)
    discount = draft_discount(bundle=bundle)  # names no goods yet
    coupon = make_template(status=CampaignStatus.DRAFT, bundle=bundle, threshold_fen=20_000, total_limit=500)
    publish = reverse("admin:campaigns_bundle_publish", args=[bundle.pk])
    page = owner.get(publish)
    assert text(page).count("别的活动") == 2  # met by the offer and by the coupon
    assert owner.post(publish, noting(page)).context["form"].errors
    assert {stored(each).status for each in (offer, discount, coupon)} == {CampaignStatus.DRAFT}
    discount.items.create(sku=sku, off_bp=1000)
    page = owner.get(publish)
    owner.post(publish, noting(page))
    made = [stored(each) for each in (offer, discount, coupon)]
    assert {each.status for each in made} == {CampaignStatus.SCHEDULED}
    assert {(each.starts_at, each.ends_at, each.new_members_only) for each in made} == {
        (bundle.starts_at, bundle.ends_at, True)
    }
    change = owner.get(reverse("admin:campaigns_campaignbundle_change", args=[bundle.pk]))
    assert [each["name"] for each in change.context["bundle_campaigns"]] == [
        each.name for each in (coupon, discount, offer)
    ]
    owner.post(reverse("admin:campaigns_bundle_stop", args=[bundle.pk]))
    assert {stored(each).status for each in (offer, discount, coupon)} == {CampaignStatus.ENDED}
    assert stored(other).status == CampaignStatus.RUNNING
    assert owner.post(publish, {"codes": ""}).context["form"].errors


@pytest.mark.parametrize(("models", "may"), [(["timeddiscount"], False), (["timeddiscount", "spendoffer"], True)])
def test_whoever_publishes_or_stops_a_bundle_may_do_so_with_each_of_its_campaigns(client, models, may):
    keeper = StaffUser.objects.create_user("keeper", is_staff=True)
    codenames = ["view_campaignbundle", "change_campaignbundle", *(f"change_{name}" for name in models)]
    keeper.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(keeper)
    bundle = CampaignBundle.objects.create(name="双十一", starts_at=NOW, ends_at=NOW + DAY, created_by="staff:author")
    discount = draft_discount({"sku": make_sku(price_fen=10_000), "off_bp": 100}, bundle=bundle)
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 100}, bundle=bundle)
    publish, stop = (reverse(f"admin:campaigns_bundle_{verb}", args=[bundle.pk]) for verb in ("publish", "stop"))
    page = reverse("admin:campaigns_campaignbundle_change", args=[bundle.pk])
    assert (publish in text(client.get(page))) == may
    assert client.post(publish, {"codes": "", "noted": "on"}).status_code == (302 if may else 403)
    assert stored(offer).status == stored(discount).status == ("running" if may else "draft")
    assert (stop in text(client.get(page))) == may
    assert client.post(stop).status_code == (302 if may else 403)
    assert stored(offer).status == stored(discount).status == ("ended" if may else "draft")


def test_a_bundle_leads_nobody_to_what_they_may_not_see_or_make(client):
    keeper = StaffUser.objects.create_user("keeper", is_staff=True)
    codenames = ["view_campaignbundle", "view_spendoffer", "add_spendoffer"]
    keeper.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(keeper)
    bundle = CampaignBundle.objects.create(name="双十一", starts_at=NOW, ends_at=NOW + DAY, created_by="staff:author")
    discount = draft_discount({"sku": make_sku(price_fen=10_000), "off_bp": 100}, bundle=bundle)
    offer = draft_offer({"threshold_fen": 20_000, "off_fen": 100}, bundle=bundle)
    page = client.get(reverse("admin:campaigns_campaignbundle_change", args=[bundle.pk]))
    rows = {each["name"]: each["url"] for each in page.context["bundle_campaigns"]}
    assert rows == {discount.name: "", offer.name: reverse("admin:discounts_spendoffer_change", args=[offer.pk])}
    added = [url for _name, url in page.context["bundle_adds"]]
    assert added == [f"{reverse('admin:discounts_spendoffer_add')}?bundle={bundle.pk}"]
    assert [client.get(url).status_code for url in [*filter(None, rows.values()), *added]] == [200, 200]


def test_campaigns_added_to_a_bundle_begin_with_its_window(owner):
    bundle = CampaignBundle.objects.create(
        name="双十一", starts_at=NOW, ends_at=NOW + DAY, channels=["h5"], created_by="staff:author"
    )
    page = owner.get(reverse("admin:discounts_spendoffer_add"), {"bundle": bundle.pk})
    assert page.context["adminform"].form.initial["ends_at"] == NOW + DAY
    assert page.context["adminform"].form.initial["fronts"] == ["h5"]


def test_operators_see_the_rows_of_a_campaign_without_a_permission_for_them(client):
    seed_roles()
    operator = StaffUser.objects.create_user("operator", is_staff=True)
    operator.groups.set(Group.objects.filter(name="运营"))
    client.force_login(operator)
    page = text(client.get(reverse("admin:discounts_timeddiscount_add")))
    assert "items-0-price_fen" in page
    sku = make_sku()
    client.post(reverse("admin:discounts_timeddiscount_add"), discount_form({"sku": sku.pk, "off_bp": "5"}))
    assert TimedDiscount.objects.get().items.get().off_bp == 500


def test_who_may_only_look_moves_nothing(client):
    viewer = StaffUser.objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)
    discount = published(draft_discount({"sku": make_sku(), "off_bp": 1000}))
    assert step(client, discount, "pause").status_code == 403
    assert step(client, discount, "result", _post=False).status_code == 403
    assert client.get(reverse("admin:campaigns_preview")).status_code == 403
    assert client.get(reverse("admin:campaigns_calendar")).status_code == 403
    assert client.post(reverse("admin:campaigns_switch"), {"on": "0"}).status_code == 403
    assert stored(discount).status == CampaignStatus.RUNNING
    assert promotions_are_on()
