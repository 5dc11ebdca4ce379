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
LOTS = "SELECT id, expires_at FROM ledger_pointlot ORDER BY id"
STANDING = """
SELECT sum(remaining - held)::bigint, count(DISTINCT lot.member_id) FROM ledger_pointlot lot
JOIN ledger_expiryversion version ON version.id = lot.expiry_id
JOIN ledger_expirypolicy policy ON policy.id = version.policy_id AND policy.is_default
WHERE remaining > held AND (expires_at IS NULL OR expires_at > now())
"""


def rows(shop, sql):
    with psycopg2.connect(shop.database_url) as database, database.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def one(shop, sql):
    return rows(shop, sql)[0][0]


def fen_of(yuan):
    return round(float(yuan.lstrip("¥").replace(",", "")) * 100)


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


def write_expiry(desk, kind, **fields):
    """Open the rules of the default policy and write others into them."""
    desk.open_first("/admin/ledger/expirypolicy/")
    desk.page.get_by_role("link", name="修改规则").click()
    desk.page.locator("[name=kind]").select_option(label=kind)
    for name, value in fields.items():
        desk.page.locator(f"[name={name}]").fill(str(value))


def test_other_rules_of_expiry_are_previewed_and_leave_old_points_alone(desk_of):
    desk = desk_of("owner", height=1100)
    page, lots = desk.page, rows(desk.shop, LOTS)
    ((points, members),) = rows(desk.shop, STANDING)
    write_expiry(desk, "若干个月后的月底", months=6)
    page.get_by_role("button", name="预览").click()
    expect(page.locator("#main")).to_contain_text(f"会员现有积分（{points:,}）的有效期不变")
    shown = [[each.inner_text() for each in row.locator("td").all()] for row in page.locator("#main tbody tr").all()]
    found = [(int(row[1].replace(",", "")), int(row[2].replace(",", "")), fen_of(row[3])) for row in shown]
    assert sum(held for _members, held, _fen in found) == points
    assert max(count for count, _points, _fen in found) <= members <= sum(count for count, _points, _fen in found)
    # A hundred points are a yuan in the demo shop.
    assert [fen for _members, _points, fen in found] == [held for _members, held, _fen in found]
    assert desk.overflow() == 0
    desk.picture("points-expiry")

    page.get_by_role("button", name="保存规则").click()
    expect(desk.message("规则已保存，对此后发放的积分生效。")).to_be_visible()
    try:
        # What was spent meanwhile is spent; when the rest expires has not moved.
        assert dict(rows(desk.shop, LOTS)).items() >= dict(lots).items()
    finally:
        write_expiry(desk, "每年清零一次", month=12, day=31)
        page.get_by_role("button", name="预览").click()
        page.get_by_role("button", name="保存规则").click()
        expect(desk.message("规则已保存，对此后发放的积分生效。")).to_be_visible()


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
