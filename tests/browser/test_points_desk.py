"""Points at the desk: a member's ledger, what the shop owes, whom it reminded, and a gift by file by two persons."""

import time
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
FILES = "/admin/accounts/grantfile/"
RICHEST = "SELECT member_id FROM ledger_pointtransaction GROUP BY member_id ORDER BY count(*) DESC, member_id LIMIT 1"
HEADINGS = "会员编号,积分,原因"


def one(shop, sql):
    with psycopg2.connect(shop.database_url) as database, database.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def upload(desk, *rows):
    content = "\n".join((HEADINGS, *rows)).encode()
    desk.open(FILES)
    desk.page.get_by_role("link", name="上传文件").click()
    sent: Any = {"name": "春节福利.csv", "mimeType": "text/csv", "buffer": content}
    desk.page.locator("[name=file]").set_input_files(sent)
    desk.page.get_by_role("button", name="检查文件").click()
    desk.page.wait_for_url("**/change/")


def go_on(desk, button):
    desk.page.get_by_role("link", name="下一步").click()
    desk.page.get_by_role("button", name=button).click()
    desk.page.wait_for_url("**/change/")


def wait_until_booked(desk, page):
    """The shop books files once a minute."""
    for _ in range(90):
        desk.open(page)
        if desk.page.locator("#main").get_by_text("已发放", exact=True).count():
            return
        time.sleep(1)
    raise TimeoutError(page)


def balance(shop, member):
    return one(shop, f"SELECT available FROM ledger_pointaccount WHERE member_id = {member}")


def test_the_ledger_of_a_member_explains_every_entry(desk_of):
    desk = desk_of("owner", height=1300)
    member = one(desk.shop, RICHEST)
    assert desk.open(f"/admin/ledger/pointaccount/{member}/change/") == 200
    ledger = desk.page.locator("#points-ledger")
    expect(ledger).to_contain_text("积分有效期至")
    expect(ledger).to_contain_text("批次")
    desk.page.locator("#points-ledger").scroll_into_view_if_needed()
    assert desk.overflow() == 0
    desk.picture("points-ledger")


def test_what_the_shop_owes_is_shown_with_a_chart_and_proved(desk_of):
    desk = desk_of("owner", height=1300)
    desk.open("/admin/accounts/ledgerproof/")
    desk.page.get_by_role("link", name="积分负债").click()
    desk.page.wait_for_load_state("networkidle")
    expect(desk.page.locator("canvas")).to_be_visible()
    expect(desk.message("未使用积分").first).to_be_visible()
    assert desk.overflow() == 0
    desk.picture("points-liability")
    desk.open("/admin/accounts/ledgerproof/")
    desk.page.get_by_role("link", name="立即对账").click()
    expect(desk.page.locator("#main").get_by_text("流水、批次与账户一致。", exact=True)).to_be_visible()


def test_reminders_prove_whom_they_reached(desk):
    desk.open_first("/admin/accounts/reminderround/")
    expect(desk.page.locator("#main")).to_contain_text("站内信")
    assert desk.overflow() == 0
    desk.page.get_by_role("link", name="查看全部").click()
    expect(desk.page.locator("#result_list tbody tr").first).to_contain_text("站内信")


def test_a_gift_by_file_takes_two_persons(desk_of):
    asking, deciding = desk_of("operator"), desk_of("owner")
    member = one(asking.shop, RICHEST)
    before = balance(asking.shop, member)

    upload(asking, f"{member},10001,拜年", f"{member + 10**9},5,拜年", f"{member},很多,拜年")
    problems = asking.page.locator("#main")
    expect(problems).to_contain_text("第 3 行")
    expect(problems).to_contain_text("第 4 行")
    assert asking.overflow() == 0

    upload(asking, f"{member},10001,拜年")
    go_on(asking, "发放这些积分")
    expect(asking.message("待审批").first).to_be_visible()
    go_on(asking, "批准")
    expect(asking.message("您提交的申请须由他人审批。")).to_be_visible()
    assert balance(asking.shop, member) == before

    page = asking.page.url.removeprefix(asking.shop.url)
    deciding.open(page)
    go_on(deciding, "批准")
    wait_until_booked(deciding, page)
    with deciding.page.expect_download() as saved:
        deciding.page.get_by_role("link", name="下载结果").click()
    result = saved.value.path().read_text("utf-8-sig")
    assert result.splitlines()[1] == f"2,{member},10001,拜年,已入账,"
    assert balance(asking.shop, member) == before + 10_001
