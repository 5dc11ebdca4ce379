"""Two people at one form, work that is not saved, and a day's work without a mouse."""

import pytest
from playwright.sync_api import expect

from tests.browser.member import Member, bought

pytestmark = pytest.mark.browser
WIDTHS = [1366, 390]
SAVE = "保存"


def brand_form(desk):
    desk.open_first("/admin/catalog/brand/")
    return desk.page.locator("[name=name]")


def save(desk):
    desk.page.get_by_role("button", name=SAVE, exact=True).click()


@pytest.mark.parametrize("width", WIDTHS)
def test_two_tabs_at_one_form_end_in_a_question_and_not_in_a_loss(desk_of, width):
    mei, bo = desk_of("owner", width=width), desk_of("operator", width=width)
    mine, theirs = brand_form(mei), brand_form(bo)
    assert mei.page.url == bo.page.url
    before = mine.input_value()
    theirs.fill(f"{before}乙")
    bo.page.locator("[name=name_en]").fill(f"Second {width}")
    save(bo)
    expect(bo.message("成功修改")).to_be_visible()
    mine.fill(f"{before}甲")
    save(mei)
    conflict = mei.page.locator("#conflict")
    expect(conflict).to_be_visible()
    for seen in (before, f"{before}乙", f"{before}甲", "已采用新值"):
        expect(conflict).to_contain_text(seen)
    expect(mei.page.locator("[name=name]")).to_have_value(f"{before}甲")
    expect(mei.page.locator("[name=name_en]")).to_have_value(f"Second {width}")
    assert mei.overflow() == 0
    assert mei.barriers() == []
    mei.picture(f"conflict-{width}")
    save(mei)
    expect(mei.message("成功修改")).to_be_visible()
    brand_form(mei).fill(before)
    save(mei)
    expect(mei.message("成功修改")).to_be_visible()


def test_leaving_what_was_typed_asks_and_saving_or_discarding_does_not(desk):
    asked = []
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    name = brand_form(desk)
    page = desk.page.url
    desk.page.locator("a[href='/admin/']").first.click()
    expect(desk.page.locator("#home")).to_be_visible()
    assert asked == []

    name = brand_form(desk)
    before = name.input_value()
    name.click()
    name.press_sequentially("改")
    desk.page.locator("a[href='/admin/']").first.click()
    desk.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert desk.page.url == page
    expect(name).to_have_value(f"{before}改")

    name.fill(before)
    save(desk)
    expect(desk.message("成功修改")).to_be_visible()
    assert asked == ["beforeunload"]

    desk.open("/admin/catalog/brand/")
    desk.page.locator("[name=q]").fill("甲")
    desk.page.locator("#result_list input[type=checkbox]").nth(1).check()
    desk.page.locator("a[href='/admin/']").first.click()
    expect(desk.page.locator("#home")).to_be_visible()
    assert asked == ["beforeunload"]


@pytest.fixture(scope="module")
def member(shop):
    return Member(shop, phone="13900139031")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_parcel_is_shipped_by_keyboard_alone(desk_of, member, width):
    order = bought(member)
    desk = desk_of("warehouse", width=width)
    keys = desk.page.keyboard
    desk.open(f"/admin/shipments/shipment/?q={order['number']}")
    desk.skip_navigation()
    desk.tab_to(desk.page.locator("#result_list tbody input[type=checkbox]").first)
    keys.press("Space")
    desk.tab_to_action("批量发货")
    expect(desk.page.get_by_role("heading", name="发货 1 个包裹？")).to_be_visible()
    desk.enter("Escape")
    expect(desk.page.locator("#result_list")).to_be_visible()
    desk.skip_navigation()
    desk.tab_to(desk.page.locator("#result_list tbody input[type=checkbox]").first)
    keys.press("Space")
    desk.tab_to_action("批量发货")
    desk.tab_to(desk.page.get_by_role("button", name="确定执行"))
    desk.enter()
    expect(desk.message("已发货 1 个包裹。")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_money_goes_back_by_keyboard_alone(desk_of, member, width):
    order = bought(member)
    line = member.get(f"orders/{order['number']}")["lines"][0]
    wish = {"kind": "refund", "lines": [{"line_id": line["id"], "quantity": 1}], "reason": "unwanted"}
    asked = member.post(f"orders/{order['number']}/after-sales", {**wish, "description": "", "images": []})
    desk = desk_of("service", width=width)
    desk.open(f"/admin/after_sales/aftersale/?q={asked['number']}")
    desk.skip_navigation()
    desk.tab_to(desk.page.locator("#result_list tbody a[href*='/change/']").first)
    desk.enter()
    desk.tab_to_deed("approve")
    desk.skip_navigation()
    desk.tab_to(desk.page.get_by_role("button", name="批准", exact=True))
    desk.enter()
    expect(desk.message(f"{asked['number']} · 批准")).to_be_visible()
