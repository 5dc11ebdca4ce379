"""Products in the console: found, changed, imported after a dry run."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

BROKEN = "\n".join(
    [
        "商品编码,商品名称,分类,规格编码,售价(元),重量(克)",
        "IMP-1,桂花乌龙茶,茗茶茶器,IMP-1-A,68.00,250",
        "IMP-2,核桃酥,休闲零食,IMP-2-A,12.345,200",
        "IMP-3,手工皂,美妆个护,IMP-3-A,免费,90",
    ]
)


def test_a_product_is_found_and_changed_and_the_front_sees_it(desk):
    desk.open("/admin/catalog/product/")
    expect(desk.page.locator("#result_list tbody tr").first).to_contain_text("¥")
    desk.picture("products")

    sold = desk.page.request.get(f"{desk.shop.url}/api/v1/products").json()["items"][0]
    desk.open(f"/admin/catalog/product/?q={quote(sold['name'])}")
    desk.page.locator(f"#result_list a[href*='/catalog/product/{sold['id']}/change/']").first.click()
    subtitle = desk.page.locator("[name=subtitle]")
    expect(subtitle).to_be_visible()
    desk.page.wait_for_load_state("networkidle")
    desk.picture("product")
    subtitle.fill("浏览器里改的副标题")
    desk.page.get_by_role("button", name="保存", exact=True).click()
    expect(desk.message("成功修改")).to_be_visible()

    shown = desk.page.request.get(f"{desk.shop.url}/api/v1/products/{sold['id']}").json()
    assert shown["subtitle"] == "浏览器里改的副标题"


def test_an_impossible_price_is_refused_beside_its_field(desk):
    desk.open_first("/admin/catalog/product/")
    price = desk.page.locator("[name$='-0-price_fen']")
    price.fill("十二块")
    desk.page.get_by_role("button", name="保存", exact=True).click()
    expect(desk.page.get_by_text("“十二块”不是金额，应如 12.50。")).to_be_visible()
    expect(price).to_have_value("十二块")


def test_a_file_with_mistakes_names_row_column_and_reason_and_imports_nothing(desk):
    desk.open("/admin/catalog/productimport/add/")
    expect(desk.page.get_by_text("如何填写文件")).to_be_visible()
    file = {"name": "新品.csv", "mimeType": "text/csv", "buffer": BROKEN.encode("gbk")}
    desk.page.locator("input[type=file]").set_input_files(file)
    desk.page.get_by_role("button", name="检查文件").click()

    report = desk.page.locator("#import-report")
    expect(report).to_contain_text("未导入任何内容")
    for row, reason in ((3, "金额最多两位小数。"), (4, "“免费”不是金额，应如 12.50。")):
        expect(report.locator("tbody tr", has_text=reason).locator("td").first).to_have_text(str(row))
    expect(report.get_by_role("columnheader")).to_have_text(["行", "列", "原因"])
    expect(desk.page.get_by_role("button", name="立即导入")).to_have_count(0)
    desk.picture("import")

    desk.open("/admin/catalog/product/?q=IMP-1")
    expect(desk.page.locator("#result_list")).to_have_count(0)


def test_a_right_file_is_imported_by_a_second_click(desk):
    desk.open("/admin/catalog/productimport/add/")
    rows = "\n".join(BROKEN.splitlines()[:2])
    desk.page.locator("input[type=file]").set_input_files(
        {"name": "新品.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    desk.page.get_by_role("button", name="检查文件").click()
    expect(desk.page.locator("#import-report")).to_contain_text("商品：新增 1，修改 0。")
    desk.page.get_by_role("button", name="立即导入").click()
    expect(desk.message("文件正在导入。")).to_be_visible()
    desk.reload_until(desk.page.locator("#main", has_text="已导入"))
    desk.open("/admin/catalog/product/?q=IMP-1")
    expect(desk.page.locator("#result_list tbody tr")).to_have_count(1)
    expect(desk.page.locator("#result_list")).to_contain_text(re.compile("桂花乌龙茶"))
