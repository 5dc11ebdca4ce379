"""From a paid order to a parcel on its way, and goods into a warehouse."""

import pytest
from playwright.sync_api import expect

from tests.browser.member import buy
from tests.browser.test_mechanisms import ask

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def order(shop):
    return buy(shop, phone="13900139001")


def test_an_order_tells_its_whole_story(desk, order):
    desk.open("/admin/checkout/order/")
    expect(desk.page.locator("#result_list")).to_contain_text(order["number"])
    desk.picture("orders")

    desk.page.get_by_role("link", name=order["number"]).click()
    main = desk.page.locator("#main")
    for seen in (order["number"], "林小满", "文三路 478 号", "请放前台，谢谢", "已配货"):
        expect(main).to_contain_text(seen)
    expect(main).to_contain_text(order["lines"][0]["product_name"])
    desk.page.wait_for_load_state("networkidle")
    desk.picture("order")


def test_a_decision_of_allocation_explains_itself(desk, order):
    desk.open(f"/admin/allocation/fulfilmentrequest/?q={order['number']}")
    desk.page.get_by_role("link", name=order["number"]).click()
    main = desk.page.locator("#main")
    expect(main).to_contain_text("成本最低，全部由一个仓库发出。")
    expect(main.locator("tr", has_text="杭州仓").filter(has_text="选中")).to_have_count(1)
    desk.picture("allocation")


def test_the_warehouse_ships_parcels_in_bulk(desk_of, order):
    desk = desk_of("warehouse")
    desk.open("/admin/shipments/shipment/?work=to_ship")
    desk.picture("shipments")
    desk.page.locator("#result_list tbody tr", has_text=order["number"]).locator("input[type=checkbox]").check()
    desk.run_action("批量发货")
    expect(desk.page.get_by_role("heading", name="发货 1 个包裹？会员会收到通知，库存随之减少。")).to_be_visible()
    desk.page.get_by_role("button", name="确定执行").click()
    expect(desk.message("已发货 1 个包裹。")).to_be_visible()
    desk.open(f"/admin/shipments/shipment/?q={order['number']}")
    expect(desk.page.locator("#result_list tbody tr")).to_contain_text("已发货")


def test_the_warehouse_receives_goods_and_the_shop_can_sell_them(desk_of):
    desk = desk_of("warehouse")
    desk.open("/admin/network/warehousestock/")
    desk.picture("stock")
    row = desk.page.locator("#result_list tbody tr", has_text="杭州仓").first
    code = row.locator(".field-sku").inner_text().strip()
    before = int(row.locator(".field-on_hand").inner_text().replace(",", ""))

    desk.page.get_by_role("link", name="商品入库").click()
    desk.page.locator("[name=warehouse]").select_option(label="杭州仓")
    desk.page.locator("[name=reference]").fill("浏览器-1")
    desk.page.locator("[name=reason]").fill("到货")
    desk.page.locator("[name=lines]").fill(f"{code} 12")
    desk.page.locator("#main").get_by_role("button").last.click()
    expect(desk.message("已入库 1 个规格共 12 件。")).to_be_visible()

    desk.open(f"/admin/network/warehousestock/?q={code}")
    row = desk.page.locator("#result_list tbody tr", has_text="杭州仓")
    assert int(row.locator(".field-on_hand").inner_text().replace(",", "")) == before + 12


def test_goods_go_from_one_warehouse_to_another_and_are_booked_where_they_arrive(desk_of):
    desk = desk_of("warehouse")
    page = desk.page
    desk.open("/admin/network/warehousestock/?warehouse__id__exact=1")
    row = page.locator("#result_list tbody tr").first
    code, origin = (row.locator(f".field-{column}").inner_text().strip() for column in ("sku", "warehouse"))
    desk.open("/admin/network/stocktransfer/")
    page.get_by_role("link", name="发起调拨").click()
    page.locator("[name=warehouse]").select_option(label=origin)
    [destination] = [
        name for name in page.locator("[name=destination] option").all_inner_texts() if "仓" in name and name != origin
    ][:1]
    page.locator("[name=destination]").select_option(label=destination)
    page.locator("[name=reason]").fill("备货双十二")
    page.locator("[name=lines]").fill(f"{code} 3")
    desk.picture("transfer-send")
    page.locator("#main").get_by_role("button").last.click()
    main = page.locator("#main")
    expect(main).to_contain_text("运输中")
    desk.page.wait_for_load_state("networkidle")
    desk.picture("transfer")
    page.get_by_role("link", name="入库").click()
    page.locator("[name=lines]").fill(f"{code} 2")
    page.locator("[name=difference]").fill("一件破损")
    page.locator("#main").get_by_role("button").last.click()
    expect(main).to_contain_text("一件破损")
    number = ask(desk.shop, "SELECT number FROM network_stocktransfer WHERE id = %s", page.url.split("/")[-3])
    desk.open(f"/admin/network/stockmovement/?q={number}")
    booked = page.locator("#result_list tbody tr", has_text="调拨")
    assert sorted(each.locator(".field-quantity").inner_text() for each in booked.all()) == ["-3", "2"]


def test_the_warehouse_sees_no_money_and_is_turned_away_from_it(desk_of):
    desk = desk_of("warehouse")
    sidebar = desk.page.locator("#nav-sidebar-apps, nav").first
    expect(sidebar).to_contain_text("发货单")
    expect(sidebar).not_to_contain_text("支付单")
    assert desk.open("/admin/payments/payment/") == 403
    desk.errors.clear()  # Chromium logs the refusal that was asked for.
