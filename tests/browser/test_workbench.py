"""The order workbench as staff use it: filters kept, thousands shipped, files read and written, a price changed."""

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.member import Member, buy, ordered

pytestmark = pytest.mark.browser
ORDERS = "/admin/checkout/order/"
MANY = 2300
PATIENCE_MS = 600_000
FORMULA = '=HYPERLINK("http://example.com","点我")'


@pytest.fixture(scope="module")
def pattern(shop):
    """An order whose parcel is ready, to be copied."""
    return buy(shop, phone="13900139077")["number"]


def test_a_filter_is_kept_as_a_tab_and_all_that_match_are_shipped_once(desk, desk_of, shop, pattern):
    shop.run("parcels", of="copying", number=pattern, count=MANY, prefix="K", flag="purple", base=5_000_000)
    desk.open(f"{ORDERS}?flag=purple")
    desk.page.get_by_role("link", name="保存为常用筛选").click()
    desk.page.locator("[name=name]").fill("紫旗急单")
    desk.page.get_by_role("button", name="保存").click()
    tab = desk.page.locator("#order-tabs a", has_text="紫旗急单")
    expect(tab).to_contain_text("1000+")
    desk.page.wait_for_load_state("networkidle")
    desk.picture("workbench")

    desk.page.get_by_role("link", name="批量发货（全部符合条件的）").click()
    expect(desk.page.locator("#main")).to_contain_text("2,300")
    desk.picture("bulk-ship")
    again = desk_of("owner")
    again.open(desk.page.url.removeprefix(shop.url))
    desk.page.get_by_role("button", name="发货 2300 个包裹").click()
    expect(desk.page.locator("[data-work=running]")).to_be_visible()
    desk.picture("bulk-progress")
    expect(desk.page.locator("[data-work=done]")).to_be_visible(timeout=PATIENCE_MS)
    expect(desk.page.locator("#main")).to_contain_text(f"共 {MANY} 个，已发货 {MANY} 个，失败 0 个")
    again.page.get_by_role("button", name="发货 2300 个包裹").click()
    expect(again.message("这些订单目前没有可发货的包裹。")).to_be_visible()
    left = shop.run("left_once", of="copying", prefix="K")
    assert left == {"parcels": MANY, "bookings": MANY, "facts": MANY}
    assert shop.run("shipped", of="copying", prefix="K") == MANY


def test_a_file_of_tracking_numbers_ships_right_rows_and_gives_wrong_ones_back(desk_of, shop, pattern, tmp_path):
    numbers = shop.run("parcels", of="copying", number=pattern, count=7, prefix="F", flag="blue", base=6_000_000)
    rows = [[number, "SF", f"SFNEW{at:06d}"] for at, number in enumerate(numbers)]
    rows[1][1], rows[3][2], rows[5][0] = "骑士快送", "1.2346E+14", "X404"
    file = Path(tmp_path, "运单号.csv")
    with file.open("w", encoding="gb18030", newline="") as target:
        csv.writer(target).writerows([["订单号", "快递公司", "运单号"], *rows])

    desk = desk_of("warehouse")
    desk.open("/admin/workbench/bulkwork/import/")
    desk.page.locator("input[type=file]").set_input_files(file)
    desk.page.get_by_role("button", name="检查文件").click()
    main = desk.page.locator("#main")
    for row, wrong, column in ((3, "骑士快送", "承运商"), (5, "科学计数", "运单号"), (7, "X404", "订单号或包裹号")):
        told = main.locator("tr", has_text=wrong).first.locator("td")
        expect(told.nth(0)).to_have_text(str(row))
        expect(told.nth(2)).to_have_text(column)
        expect(told.nth(3)).not_to_be_empty()
    desk.page.wait_for_load_state("networkidle")
    desk.picture("tracking-import")
    desk.page.get_by_role("button", name="发货 4 个包裹").click()
    expect(main).to_contain_text("共 7 个，已发货 4 个，失败 3 个", timeout=PATIENCE_MS)
    with desk.page.expect_download() as waiting:
        desk.page.get_by_role("link", name="下载失败明细").click()
    told = list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig"))))
    assert [line[0] for line in told[1:]] == [numbers[1], numbers[3], "X404"]
    assert shop.run("shipped", of="copying", prefix="F") == 4


def downloaded(desk, file_format):
    """Export the orders that the list shows, wait, and take the file."""
    desk.open(f"{ORDERS}?flag=green")
    desk.page.get_by_role("link", name="导出", exact=True).click()
    desk.page.locator("[name=file_format]").select_option(file_format)
    desk.page.get_by_role("button", name="导出").click()
    done = desk.page.locator("#result_list tbody tr").first
    expect(done).to_contain_text(file_format.upper())
    expect(done).to_contain_text("可下载", timeout=PATIENCE_MS)
    with desk.page.expect_download() as waiting:
        done.get_by_role("link").first.click()
    return Path(waiting.value.path())


def test_a_file_of_orders_is_the_filtered_list_and_opens_as_a_spreadsheet_in_chinese(desk, shop, pattern):
    numbers = shop.run("parcels", of="copying", number=pattern, count=3, prefix="E", flag="green", base=7_000_000)
    shop.run("write_remark", of="copying", number=numbers[1], remark=FORMULA)
    desk.open(f"{ORDERS}?flag=green")
    shown = [each.inner_text().split()[0] for each in desk.page.locator("#result_list .field-shown_number").all()]
    assert shown == numbers[::-1]

    rows = list(csv.DictReader(io.StringIO(downloaded(desk, "csv").read_bytes().decode("utf-8-sig"))))
    assert [row["订单号"] for row in rows] == shown
    assert [row["买家备注"] for row in rows] == ["请放前台，谢谢", f"'{FORMULA}", "请放前台，谢谢"]

    desk.page.wait_for_load_state("networkidle")
    desk.picture("export")
    sheet = load_workbook(io.BytesIO(downloaded(desk, "xlsx").read_bytes())).active
    headings, *lines = sheet.iter_rows()
    at = {cell.value: place for place, cell in enumerate(headings)}
    assert [line[at["订单号"]].value for line in lines] == shown
    remark = lines[1][at["买家备注"]]
    assert (remark.value, remark.data_type) == (f"'{FORMULA}", "s")
    assert {line[at["状态"]].value for line in lines} == {row["状态"] for row in rows}
    assert [line[at["应付金额"]].value for line in lines] == [float(row["应付金额"]) for row in rows]


def test_the_price_of_an_unpaid_order_is_lowered_and_the_buyer_told(desk, shop):
    member = Member(shop, phone="13900139078")
    order = ordered(member)
    desk.open(f"{ORDERS}?q={order['number']}")
    desk.page.get_by_role("link", name=order["number"]).click()
    desk.page.locator("a[href$='/price/']").first.click()
    desk.page.locator("[name=discount]").fill("1.00")
    desk.page.locator("[name=reason]").fill("老客户优惠")
    desk.picture("price-change")
    desk.page.get_by_role("button", name="改价").click()
    main = desk.page.locator("#main")
    expect(main).to_contain_text("老客户优惠")
    assert member.get(f"orders/{order['number']}")["payable_fen"] == order["payable_fen"] - 100
    assert "改为" in member.get("me/notifications")["items"][0]["body"]
