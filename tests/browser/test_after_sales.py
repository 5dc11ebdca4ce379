"""A return from the member's request to the money at the gateway, worked through by those whose work it is."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.member import Member, bought, parcels, wait_until

pytestmark = pytest.mark.browser
LIST = "/admin/after_sales/aftersale/"


@pytest.fixture(scope="module")
def member(shop):
    return Member(shop, phone="13900139007")


@pytest.fixture(scope="module")
def asked(member):
    """Two units arrived, one of them broken: the member asks to return that one."""
    order = bought(member, quantity=2)
    for parcel in parcels(member, order):
        member.outside("/couriers/advance", {"tracking_number": parcel["tracking_number"], "to": "delivered"})
    wait_until(lambda: member.get(f"orders/{order['number']}")["status"] == "delivered")
    picture = io.BytesIO()
    Image.new("RGB", (320, 320), "#b5462f").save(picture, "JPEG")
    sent = member.http.post("uploads", files={"file": ("cup.jpg", picture.getvalue(), "image/jpeg")})
    assert sent.is_success, sent.text
    line = member.get(f"orders/{order['number']}")["lines"][0]
    wish = {"kind": "return", "lines": [{"line_id": line["id"], "quantity": 1}], "reason": "damaged"}
    foreseen = member.post(f"orders/{order['number']}/after-sales/preview", wish)
    made = member.post(
        f"orders/{order['number']}/after-sales",
        {**wish, "description": "杯口有裂痕", "images": [sent.json()["id"]]},
    )
    assert made["refund_fen"] == foreseen["refund_fen"] > 0
    return made


def open_it(desk, asked):
    desk.open(f"{LIST}?q={asked['number']}")
    desk.page.get_by_role("link", name=asked["number"]).click()
    desk.page.wait_for_load_state("networkidle")


def deed(desk, path):
    """The link to one of the deeds on top of the page."""
    return desk.page.locator(f"a[href$='/{path}/']:visible")


def press(desk, path):
    deed(desk, path).click()
    desk.page.wait_for_load_state("networkidle")


def test_customer_service_sees_the_request_with_its_reasons_and_agrees(desk_of, asked):
    desk = desk_of("service")
    desk.open(f"{LIST}?stage=ours")
    expect(desk.page.locator("#result_list")).to_contain_text(asked["number"])
    desk.picture("after-sales")
    open_it(desk, asked)
    main = desk.page.locator("#main")
    for seen in ("杯口有裂痕", "待商家处理", "退还内容", "按实付退还"):
        expect(main).to_contain_text(seen)
    photograph = desk.page.locator("#evidence img")
    expect(photograph).to_be_visible()
    assert photograph.evaluate("image => image.complete && image.naturalWidth > 0")
    desk.picture("after-sale")
    press(desk, "approve")
    expect(desk.page.locator("#goes-back")).to_contain_text("按实付退还")
    desk.page.locator("[name=answer]").fill("请把杯子寄回来")
    desk.page.get_by_role("button", name="批准", exact=True).click()
    expect(desk.message(f"{asked['number']} · 批准")).to_be_visible()


def test_the_warehouse_looks_at_the_goods_and_service_withholds_and_refunds(desk_of, member, asked):
    member.post(
        f"after-sales/{asked['number']}/return-shipment", {"carrier": "顺丰", "tracking_number": "SF1320045678"}
    )
    desk = desk_of("warehouse")
    desk.open(f"{LIST}?stage=goods")
    expect(desk.page.locator("#result_list")).to_contain_text(asked["number"])
    open_it(desk, asked)
    expect(deed(desk, "approve")).to_have_count(0)
    press(desk, "receive")
    desk.page.locator("[name^=sound_]").fill("1")
    desk.page.locator("[name^=damaged_]").fill("1")
    desk.page.get_by_role("button", name="收货验货").click()
    expect(desk.page.get_by_text("最多退回 1 件。")).to_be_visible()
    desk.page.locator("[name^=sound_]").fill("0")
    desk.page.get_by_role("button", name="收货验货").click()
    expect(desk.message(f"{asked['number']} · 收货验货")).to_be_visible()

    service = desk_of("service")
    open_it(service, asked)
    press(service, "refund-goods")
    service.page.locator("[name=withheld_fen]").fill("1.00")
    service.page.locator("[name=withheld_for]").fill("少了杯盖")
    service.picture("after-sale-refund")
    service.page.get_by_role("button", name="退款", exact=True).click()
    expect(service.message(f"{asked['number']} · 退款")).to_be_visible()

    done = wait_until(lambda: (it := member.get(f"after-sales/{asked['number']}"))["status"] == "completed" and it)
    assert done["refund_fen"] == asked["refund_fen"] - 100
    open_it(service, asked)
    expect(service.page.locator("#after-sale-panels")).to_contain_text("已退款")
    expect(service.page.locator("#main")).to_contain_text("少了杯盖")


def test_policies_are_tried_on_an_example(desk):
    desk.open(f"{LIST}policies/")
    expect(desk.page.locator("#goes-back")).to_contain_text("不再享有")
    desk.picture("after-sale-policies")
    desk.page.locator("[name='after_sales.threshold']").select_option("ignore")
    desk.page.get_by_role("button", name="用示例试算").click()
    expect(desk.page.locator("#goes-back")).to_contain_text("优惠仍然保留")
    desk.open(f"{LIST}policies/")
    expect(desk.page.locator("[name='after_sales.threshold']")).to_have_value("deduct")


def test_staff_open_an_after_sale_for_a_member(desk, member, asked):
    desk.open(f"{LIST}open-for-member/")
    desk.page.locator("[name=order]").fill(asked["order_number"])
    desk.page.get_by_role("button", name="下一步").click()
    desk.page.locator("[name=kind]").select_option("return")
    desk.page.locator("[name^=units_]").fill("1")
    desk.page.get_by_role("button", name="预览退还内容").click()
    expect(desk.page.locator("#goes-back")).to_contain_text("按实付退还")
    desk.page.get_by_role("button", name="提交申请").click()
    expect(desk.message(re.compile("已创建售后单"))).to_be_visible()


def test_every_page_of_an_after_sale_fits_a_phone(desk_of, asked):
    phone = desk_of("owner", width=390, height=844)
    for page in (LIST, f"{LIST}policies/", f"{LIST}open-for-member/?order={asked['order_number']}"):
        assert (phone.open(page), phone.overflow()) == (200, 0), page
    open_it(phone, asked)
    assert phone.overflow() == 0
