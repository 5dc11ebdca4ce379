"""A merchant fills the points mall step by step; members find their own prices, and a store verifies a voucher once."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from shop.core import clock
from tests.browser.counter import Counter
from tests.browser.member import Member, wait_until
from tests.browser.test_mechanisms import ask, fits, type_values
from tests.browser.test_points import find

pytestmark = pytest.mark.browser
REWARDS, RESOURCES = "/admin/mall/reward/", "/admin/mall/resource/"
PHONE = "13900006677"
GOODS = """
SELECT sku.code FROM catalog_sku sku JOIN catalog_product product ON product.id = sku.product_id
JOIN catalog_skustock stock ON stock.sku_id = sku.id
WHERE sku.is_active AND product.on_shelf AND product.kind = 'goods' AND stock.available > 50 AND sku.price_fen > 5000
ORDER BY sku.id LIMIT 1
"""
CODES = ["兑换码,面值", "TEA-0001,50", ",50", "1.23E+15,50", "TEA-0002,50", "TEA-0001,50"]


@pytest.fixture(scope="module")
def member(shop):
    found = Member(shop, phone=PHONE)
    shop.run("give_points", of="redeeming", member=found.get("me")["id"], points=9_000)
    return found


def begin(desk, kind, name, sku):
    """The first step: what it is; then its name and what it sells."""
    desk.open(f"{REWARDS}add/")
    expect(desk.page.get_by_text("会员兑换的是什么？")).to_be_visible()
    fits(desk)
    desk.page.get_by_label(kind).check(force=True)
    desk.page.get_by_role("button", name="下一步").click()
    type_values(desk.page, name=name)
    find(desk, "sku", sku)


def save(desk):
    desk.page.get_by_role("button", name="保存", exact=True).click()
    desk.page.wait_for_load_state("networkidle")


def step(desk, label):
    """A page of its own, opened from the reward's."""
    desk.page.locator("#main").get_by_role("link", name=label).first.click()
    desk.page.wait_for_load_state("networkidle")


def go_live(desk):
    step(desk, "上架")
    fits(desk)
    desk.page.get_by_role("button", name="上架").click()
    expect(desk.page.locator("#main").get_by_text("生效中", exact=True).first).to_be_visible()


def offered(member, name):
    return next(each for each in member.get("points/rewards", limit="100")["items"] if each["name"] == name)


def redeem(member, reward, **more):
    """Paid in points alone; its vouchers, once they are given."""
    item = {"sku_id": reward["sku_id"], "quantity": 1}
    order = member.post("orders", {"items": [item], "activity": {"kind": "reward", "id": reward["id"], **more}})
    return wait_until(
        lambda: [each for each in member.get("me/vouchers")["items"] if each["order_number"] == order["number"]]
    )[0]


def test_goods_for_points_and_money_cost_a_tier_less(desk_of, member):
    desk = desk_of("operator")
    page = desk.page
    begin(desk, "实物", "会员茶礼", ask(desk.shop, GOODS))
    type_values(page, points=8000, price_fen="9.90", quota=20, low_at=5)
    page.locator("[name=prices-0-tier]").select_option(label="普通会员")
    type_values(page, **{"prices-0-points": 5000, "prices-0-price_fen": "9.90"})
    fits(desk)
    save(desk)
    go_live(desk)
    fits(desk)
    mine = offered(member, "会员茶礼")
    assert (mine["points"], mine["price_fen"], mine["usual_points"], mine["left"]) == (5000, 990, 8000, 20)
    assert (mine["affordable"], mine["locked"]) == (True, None)
    stranger = desk.page.request.get(f"{desk.shop.url}/api/v1/points/rewards/{mine['id']}").json()
    assert (stranger["points"], stranger["points_missing"]) == (8000, 8000)
    desk.open(REWARDS)
    fits(desk)
    expect(page.locator("#result_list tr", has_text="会员茶礼")).to_contain_text("0 / 20")


def test_a_pool_of_codes_says_which_lines_hold_none(desk_of, member):
    desk = desk_of("operator")
    page = desk.page
    begin(desk, "虚拟券码", "观影码", "MALL-FILM-1")
    type_values(page, points=100)
    save(desk)
    step(desk, "上架")
    page.get_by_role("button", name="上架").click()
    expect(page.get_by_text("请先导入券码。")).to_be_visible()
    page.go_back()
    page.go_back()
    step(desk, "导入券码")
    fits(desk)
    sent = {"name": "观影码.csv", "mimeType": "text/csv", "buffer": "\n".join(CODES).encode("gbk")}
    page.locator("[name=file]").set_input_files(sent)
    page.get_by_role("button", name="导入券码").click()
    expect(desk.message("导入 2 个券码，1 个已存在，2 行不是券码。")).to_be_visible()
    lines = page.locator("#content-main table").first.locator("tbody tr")
    expect(lines).to_have_count(3)
    expect(lines.nth(1)).to_contain_text("数字被表格软件缩写了")
    fits(desk)
    page.go_back()
    page.go_back()
    page.reload()
    go_live(desk)
    fits(desk)
    step(desk, "撤回券码")
    fits(desk)
    voucher = redeem(member, offered(member, "观影码"))
    code = member.post(f"me/vouchers/{voucher['id']}/reveal", {})["code"]
    assert code == "TEA-0001"
    desk.open("/admin/mall/voucher/")
    expect(page.locator("#result_list")).not_to_contain_text(code)
    fits(desk)


def test_a_week_of_slots_is_planned_seen_and_booked(desk_of, member):
    desk = desk_of("operator")
    page = desk.page
    desk.open(f"{RESOURCES}add/")
    type_values(page, name="二号茶席")
    page.locator("[name=store_code]").select_option(label="杭州武林店")
    fits(desk)
    page.get_by_role("button", name="保存并继续编辑").click()
    page.wait_for_load_state("networkidle")
    step(desk, "添加时段")
    tomorrow = clock.business_day(clock.now()) + timedelta(days=1)
    type_values(page, first_day=tomorrow, last_day=tomorrow + timedelta(days=6), opens="10:00", closes="12:00")
    type_values(page, minutes=60, capacity=3)
    fits(desk)
    page.get_by_role("button", name="添加时段").click()
    expect(desk.message("已添加 14 个时段。")).to_be_visible()
    expect(page.locator("#slots a")).to_have_count(14)
    fits(desk)

    begin(desk, "服务", "单人品茗", "MALL-TEA-1")
    type_values(page, points=200)
    page.locator("#id_resource").select_option(label="二号茶席")
    save(desk)
    go_live(desk)
    reward = offered(member, "单人品茗")
    slots = member.get(f"points/rewards/{reward['id']}/slots")["items"]
    assert (len(slots), slots[0]["left"]) == (14, 3)
    voucher = redeem(member, reward, slot_id=slots[0]["id"])
    assert voucher["slot"]["id"] == slots[0]["id"]
    pk = ask(desk.shop, "SELECT id FROM mall_resource WHERE name = '二号茶席'")
    desk.open(f"{RESOURCES}{pk}/calendar/?from={tomorrow}")
    expect(page.locator("#slots a").first).to_contain_text("1 / 3")
    page.locator("#slots a").first.click()
    step(desk, "取消时段")
    type_values(page, reason="茶艺师临时有事")
    fits(desk)
    page.get_by_role("button", name="取消时段").click()
    expect(desk.message("1 张凭证可改约其他时间")).to_be_visible()
    fits(desk)
    assert member.get(f"me/vouchers/{voucher['id']}")["slot"] is None


def test_a_voucher_is_verified_once_and_refused_twice(desk_of, member):
    desk = desk_of("operator")
    begin(desk, "服务", "到店茶歇", "MALL-TEA-1")
    type_values(desk.page, points=100, valid_days=30)
    fits(desk)
    save(desk)
    go_live(desk)
    voucher = redeem(member, offered(member, "到店茶歇"))
    assert voucher["qr"].startswith("data:image/svg")

    counter = Counter(desk_of(None, width=390, height=844))
    counter.sign_in("store")
    counter.look(voucher["shown_code"].lower())
    expect(counter.page.locator("#card")).to_contain_text("到店茶歇")
    counter.page.locator("#confirm").click()
    expect(counter.page.locator("#headline")).to_have_text("服务已核销")
    assert member.get(f"me/vouchers/{voucher['id']}")["status"] == "used"
    for _again in range(2):
        counter.look(voucher["shown_code"])
        expect(counter.page.locator("#message")).to_contain_text("此码已核销过")
        expect(counter.page.locator("#confirm")).to_be_hidden()
    assert counter.refusals == [409, 409]

    desk.open(f"/admin/mall/voucher/?q={voucher['number']}")
    expect(desk.page.locator("#result_list tbody tr")).to_contain_text(["S-WL"])
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    desk.page.wait_for_load_state("networkidle")
    expect(desk.page.locator("#main")).to_contain_text("杭州武林店")
    fits(desk)


def test_what_members_redeemed_is_counted(desk_of):
    desk = desk_of("operator")
    desk.open("/admin/mall/redemption/")
    fits(desk)
    desk.page.locator("#result_list a[href*='/redemption/']").first.click()
    desk.page.wait_for_load_state("networkidle")
    expect(desk.page.get_by_role("link", name="查看订单")).to_be_visible()
    fits(desk)
    desk.open(REWARDS)
    step(desk, "统计")
    expect(desk.page.locator("#main")).to_contain_text("到店茶歇")
    fits(desk)
    desk.open("/admin/mall/zone/add/")
    fits(desk)
