"""Finance at the desk: a day whose bill has a line too many, what is said about it, and the day fetched again."""

import gzip

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
DAYS = "/admin/reconciliation/reconciliation/"


def test_a_difference_is_looked_into_and_gone_with_a_new_bill(desk_of):
    desk = desk_of("finance", height=1300)
    expect(desk.page.locator("#attention")).to_contain_text("微信支付对账：有 1 笔未处理差异")
    desk.open(f"{DAYS}?light=differs")
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    day = desk.page.locator("#reconciliation")
    expect(day).to_contain_text("账面没有")
    assert desk.overflow() == 0
    desk.picture("reconciliation-day")
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("link", name="下载原始账单").click()
    assert "UNKNOWN" in gzip.decompress(saved.value.path().read_bytes()).decode("utf-8-sig")

    day.locator("a", has_text="UNKNOWN").click()
    desk.page.get_by_role("link", name="处理", exact=True).click()
    desk.page.locator("[name=reason]").fill("渠道测试单，已向客服确认")
    desk.page.get_by_role("button", name="保存").click()
    expect(desk.page.locator("#main")).to_contain_text("渠道测试单，已向客服确认")
    desk.page.get_by_role("link", name="重新打开", exact=True).click()
    desk.page.locator("[name=reason]").fill("再核对一次")
    desk.page.get_by_role("button", name="保存").click()
    assert desk.overflow() == 0

    desk.open(f"{DAYS}?light=differs")
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    desk.page.get_by_role("link", name="重新下载并比对").click()
    expect(desk.page.locator("#reconciliation")).to_contain_text("自动消失")
    desk.open(DAYS)
    desk.page.get_by_role("link", name="按月结算").click()
    desk.page.wait_for_load_state("networkidle")
    expect(desk.page.locator("canvas")).to_be_visible()
    assert desk.overflow() == 0
    desk.picture("settlement")
