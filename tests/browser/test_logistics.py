"""The screens of logistics, on a desk and on a phone: everything fits, is drawn, and rules are read, tried and
published."""

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

pytestmark = pytest.mark.browser

SCREENS = {
    "network": "/admin/network/warehouse/",
    "network-map": "/admin/network/warehouse/map",
    "warehouse-stock": "/admin/network/warehousestock/",
    "stock-movements": "/admin/network/stockmovement/",
    "stock-transfers": "/admin/network/stocktransfer/",
    "allocation-requests": "/admin/allocation/fulfilmentrequest/",
    "backorders": "/admin/allocation/fulfilmentrequest/desk",
    "allocation-policies": "/admin/allocation/allocationpolicy/",
    "planning-rounds": "/admin/allocation/planninground/",
    "carriers": "/admin/carriers/carrier/",
    "carrier-scorecard": "/admin/carriers/carrier/scorecard",
    "carrier-choices": "/admin/carriers/carrierchoice/",
    "freight-templates": "/admin/freight/freighttemplate/",
    "fulfilment-figures": "/admin/shipments/shipment/figures",
}
FORMS = {
    "warehouse": "/admin/network/warehouse/",
    "allocation-request": "/admin/allocation/fulfilmentrequest/",
    "allocation-decision": "/admin/allocation/allocation/",
    "carrier": "/admin/carriers/carrier/",
    "carrier-choice": "/admin/carriers/carrierchoice/",
    "freight-template": "/admin/freight/freighttemplate/",
}


@pytest.mark.parametrize("width", [1366, 390])
def test_every_screen_fits(desk_of, width):
    desk: Desk = desk_of("owner", width=width)
    wide = []
    for name, path in SCREENS.items():
        assert desk.open(path) == 200, path
        wide += [name] if desk.overflow() > 0 else []
        desk.picture(f"{name}-{width}")
    for name, path in FORMS.items():
        desk.open_first(path)
        wide += [name] if desk.overflow() > 0 else []
        desk.picture(f"{name}-form-{width}")
    assert wide == []


def test_what_is_drawn_is_drawn(desk):
    for path in ("/admin/carriers/carrier/scorecard", "/admin/shipments/shipment/figures"):
        desk.open(path)
        expect(desk.page.locator("canvas").first).to_be_visible()
    desk.open("/admin/network/warehouse/map")
    expect(desk.page.locator("svg[role=img] circle").first).to_be_visible()
    expect(desk.page.locator("svg[role=img]")).to_contain_text("杭州仓")


def test_a_policy_is_written_read_tried_on_orders_and_published(desk):
    desk.open("/admin/allocation/allocationpolicy/add/")
    page = desk.page
    page.locator("[name=note]").fill("西藏只从成都发")
    page.locator("[name=per_parcel_fen]").fill("3.50")
    page.get_by_role("button", name="保存并继续编辑").click()
    main = page.locator("#main")
    expect(main).to_contain_text("¥3.50")
    address = page.url

    page.get_by_role("link", name="试算").click()
    page.locator("[name=scope]").select_option("month")
    page.get_by_role("button", name="试算").click()
    expect(main).to_contain_text("合计")
    assert desk.overflow() <= 0
    desk.picture("policy-compared")

    page.goto(address)
    page.get_by_role("link", name="发布").click()
    expect(main).to_contain_text("每个包裹在运费之外另计 ¥3.50")
    page.locator("#main form").get_by_role("button", name="发布").click()
    expect(desk.message("从现在起，订单按此策略分配。")).to_be_visible()
