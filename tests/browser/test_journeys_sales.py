"""The operator and customer service at work, at a desk and on a phone: what they do most, each by their own account."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from shop.core import clock
from tests.browser.member import Member, bought, ordered
from tests.browser.test_campaigns import type_window
from tests.browser.test_mechanisms import ask
from tests.browser.test_mechanisms import pick as pick_dearest
from tests.browser.walking import WIDTHS, begin, fill, follow, go, open_row, press, search, start_with

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("width", WIDTHS)]

PHONES = {1366: "13900139301", 390: "13900139302"}


@pytest.fixture(scope="module")
def members(shop):
    return {width: Member(shop, phone=PHONES[width]) for width in WIDTHS}


@pytest.fixture
def member(members, width):
    return members[width]


def publish(desk):
    """Through the page that says what it meets."""
    follow(desk, desk.page.locator("#main").get_by_role("link", name="检查并发布").first)
    if desk.page.locator("[name=noted]").count():
        desk.page.locator("[name=noted]").check(force=True)
    press(desk, "检查并发布")


def test_the_operator_puts_a_new_product_on_the_shelf(desk_of, shop, width):
    desk = desk_of("operator", width=width)
    page, name = desk.page, f"手作灯笼 {width}"
    go(desk, "商品", "商品")
    begin(desk, "add")
    fill(desk, code=f"LT-{width}", name=name)
    page.locator("[name=category]").select_option(index=1)
    fill(desk, **{"skus-0-code": f"LT-{width}-A", "skus-0-price_fen": "128.00", "skus-0-weight_g": 600})
    page.locator("[name=on_shelf]").check(force=True)
    press(desk, "保存")
    expect(desk.message("成功").first).to_be_visible()
    search(desk, f"LT-{width}")
    expect(page.locator("#result_list tbody tr", has_text=name)).to_contain_text("¥128.00")
    pk = ask(shop, "SELECT id FROM catalog_product WHERE code = %s", f"LT-{width}")
    told = page.request.get(f"{shop.url}/api/v1/products/{pk}").json()
    assert (told["name"], [sku["price_fen"] for sku in told["skus"]]) == (name, [12_800])


def test_the_operator_offers_a_coupon(desk_of, shop, member, width):
    desk = desk_of("operator", width=width)
    name = f"满百减十 {width}"
    go(desk, "营销", "优惠券模板")
    begin(desk, "add")
    fill(desk, name=name, amount_off_fen=10, threshold_fen=100, valid_days=7, total_limit=200)
    today = clock.business_day(clock.now())
    type_window(desk.page, today, today + timedelta(days=9))
    expect(desk.page.locator("#coupon-sentence")).to_have_text("满 ¥100 减 ¥10，领取后 7 天有效")
    press(desk, "保存")
    open_row(desk, name)
    publish(desk)
    expect(desk.message(f"“{name}”已发布")).to_be_visible()
    offered = next(each for each in member.get("coupons")["items"] if each["name"] == name)
    member.post(f"coupons/{offered['id']}/claim", {})
    assert name in [each["name"] for each in member.get("me/coupons", status="unused")["items"]]


def test_the_operator_starts_a_timed_discount(desk_of, shop, width):
    desk = desk_of("operator", width=width)
    name = f"冬日九折 {width}"
    go(desk, "营销", "限时折扣")
    begin(desk, "add")
    fill(desk, name=name)
    today = clock.business_day(clock.now())
    type_window(desk.page, today + timedelta(days=20), today + timedelta(days=22))
    pick_dearest(desk, "items-0-sku")
    fill(desk, **{"items-0-off_bp": 10})
    press(desk, "保存")
    open_row(desk, name)
    publish(desk)
    expect(desk.message(f"“{name}”已发布")).to_be_visible()
    assert ask(shop, "SELECT status FROM discounts_timeddiscount WHERE name = %s", name) == "scheduled"


def test_the_operator_looks_at_what_runs_and_what_meets(desk_of, shop, width):
    desk = desk_of("operator", width=width)
    go(desk, "营销", "活动日历")
    for name in ("茗茶限时八八折", "满 200 减 25"):
        expect(desk.page.locator("#calendar")).to_contain_text(name)
    expect(desk.page.locator("#conflicts")).to_contain_text("同享")


def test_the_operator_answers_a_bad_review(desk_of, shop, width):
    desk = desk_of("operator", width=width)
    start_with(desk, "reviews.reply")
    row = desk.page.locator("#result_list tbody tr").first
    follow(desk, row.locator("a[href*='/change/']").first)
    review = desk.page.url.split("/")[-3]
    begin(desk, "reply")
    fill(desk, reply=f"抱歉让您失望了，已为您补发 {width}")
    press(desk, "保存")
    expect(desk.message("回复已保存。")).to_be_visible()
    assert ask(shop, "SELECT reply FROM reviews_review WHERE id = %s", review).endswith(str(width))


def test_service_finds_a_member_by_phone_and_writes_a_note(desk_of, shop, member, width):
    desk = desk_of("service", width=width)
    go(desk, "会员", "会员")
    search(desk, member.phone)
    follow(desk, desk.page.locator("#result_list tbody a[href*='/change/']").first)
    expect(desk.page.locator("#main")).to_contain_text(member.phone)
    follow(desk, desk.page.locator("#member-panels").get_by_role("link", name="写备注"))
    fill(desk, text=f"喜欢清淡口味 {width}")
    press(desk, "保存")
    expect(desk.page.locator("#member-panels")).to_contain_text(f"喜欢清淡口味 {width}")


def test_service_makes_up_for_a_mistake_with_points(desk_of, shop, member, width):
    me = member.get("me")["id"]
    desk = desk_of("service", width=width)
    go(desk, "会员", "会员")
    search(desk, member.phone)
    follow(desk, desk.page.locator("#result_list tbody a[href*='/change/']").first)
    follow(desk, desk.page.locator("#member-panels").get_by_role("link", name="加减积分"))
    fill(desk, points=200, reason="包裹迟到，致歉")
    press(desk, "保存")
    expect(desk.message("积分已入账。")).to_be_visible()
    assert ask(shop, "SELECT available FROM ledger_pointaccount WHERE member_id = %s", me) >= 200


def test_service_lowers_the_price_of_an_order_that_is_not_paid(desk_of, shop, member, width):
    order = ordered(member)
    desk = desk_of("service", width=width)
    go(desk, "订单", "订单")
    search(desk, order["number"])
    open_row(desk, order["number"])
    begin(desk, "price")
    fill(desk, discount="2.00", reason="老客户优惠")
    press(desk, "改价")
    expect(desk.page.locator("#main")).to_contain_text("老客户优惠")
    assert member.get(f"orders/{order['number']}")["payable_fen"] == order["payable_fen"] - 200


def test_service_sends_an_order_to_another_address(desk_of, shop, member, width):
    order = bought(member)
    desk = desk_of("service", width=width)
    go(desk, "订单", "订单")
    search(desk, order["number"])
    open_row(desk, order["number"])
    begin(desk, "address")
    fill(desk, detail="体育场路 178 号", reason="会员搬家")
    press(desk, "修改地址")
    expect(desk.message("地址已修改").first).to_be_visible()
    expect(desk.page.locator("#main")).to_contain_text("体育场路 178 号")
    told = ask(shop, "SELECT recipient ->> 'detail' FROM checkout_order WHERE number = %s", order["number"])
    assert told == "体育场路 178 号"
