"""The warehouse and finance at work, at a desk and on a phone: what they do most, each by their own account."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.member import Member, bought, parcels, wait_until
from tests.browser.test_mechanisms import ask
from tests.browser.walking import WIDTHS, arrive, begin, fill, follow, go, open_row, press, search, start_with

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("width", WIDTHS)]

PHONES = {1366: "13900139201", 390: "13900139202"}
FORBIDDEN = (
    "checkout/order",
    "identity/member",
    "catalog/product",
    "catalog/sku",
    "payments/payment",
    "reconciliation/reconciliation",
    "reports/report/overview",
    "campaigns/campaignbundle/calendar",
    "ledger/manualgrant/give-or-take",
    "core/staffuser",
    "admin/logentry/search",
)
INVOICE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ON_HAND = """
SELECT stock.on_hand FROM network_warehousestock stock JOIN catalog_sku sku ON sku.id = stock.sku_id
JOIN network_warehouse warehouse ON warehouse.id = stock.warehouse_id
WHERE sku.code = %s AND warehouse.name = '杭州仓'
"""


@pytest.fixture(scope="module")
def members(shop):
    return {width: Member(shop, phone=PHONES[width]) for width in WIDTHS}


@pytest.fixture
def member(members, width):
    return members[width]


def after_sale(member, order, *, kind, quantity=1):
    line = member.get(f"orders/{order['number']}")["lines"][0]
    wish = {"kind": kind, "lines": [{"line_id": line["id"], "quantity": quantity}], "reason": "unwanted"}
    return member.post(f"orders/{order['number']}/after-sales", {**wish, "description": "", "images": []})


def test_the_warehouse_books_what_has_arrived(desk_of, shop, width):
    desk = desk_of("warehouse", width=width)
    go(desk, "物流", "仓库库存")
    row = desk.page.locator("#result_list tbody tr", has_text="杭州仓").first
    code = row.locator(".field-sku").inner_text().split()[0]
    before = ask(shop, ON_HAND, code)
    begin(desk, "receive")
    desk.page.locator("[name=warehouse]").select_option(label="杭州仓")
    fill(desk, reference=f"RK-{width}", reason="到货", lines=f"{code} 6")
    follow(desk, desk.page.locator("#main").get_by_role("button").last)
    expect(desk.message("已入库 1 个规格共 6 件。")).to_be_visible()
    search(desk, code)
    shown = desk.page.locator("#result_list tbody tr", has_text="杭州仓").locator(".field-on_hand")
    expect(shown).to_have_text(f"{before + 6:,}")
    assert ask(shop, ON_HAND, code) == before + 6


def test_the_warehouse_looks_at_what_came_back(desk_of, shop, member, width):
    order = bought(member, quantity=1)
    for parcel in parcels(member, order):
        member.outside("/couriers/advance", {"tracking_number": parcel["tracking_number"], "to": "delivered"})
    wait_until(lambda: member.get(f"orders/{order['number']}")["status"] == "delivered")
    asked = after_sale(member, order, kind="return")
    service = desk_of("service", width=width)
    start_with(service, "after_sales.answer")
    open_row(service, asked["number"])
    begin(service, "approve")
    press(service, "批准")
    sent = {"carrier": "顺丰", "tracking_number": f"SF13200{width}"}
    member.post(f"after-sales/{asked['number']}/return-shipment", sent)

    desk = desk_of("warehouse", width=width)
    start_with(desk, "after_sales.receive")
    open_row(desk, asked["number"])
    begin(desk, "receive")
    desk.page.locator("[name^=sound_]").fill("1")
    press(desk, "收货验货")
    expect(desk.message(f"{asked['number']} · 收货验货")).to_be_visible()
    wait_until(lambda: member.get(f"after-sales/{asked['number']}")["status"] == "completed")


def test_the_warehouse_moves_goods_to_where_they_are_short(desk_of, shop, width):
    desk = desk_of("warehouse", width=width)
    page = desk.page
    go(desk, "物流", "仓库库存")
    row = page.locator("#result_list tbody tr", has_text="杭州仓").first
    code = row.locator(".field-sku").inner_text().split()[0]
    go(desk, "物流", "调拨单")
    begin(desk, "send")
    page.locator("[name=warehouse]").select_option(label="杭州仓")
    names = page.locator("[name=destination] option").all_inner_texts()
    page.locator("[name=destination]").select_option(
        label=next(name for name in names if name.endswith("仓") and name != "杭州仓")
    )
    fill(desk, reason="备货", lines=f"{code} 2")
    follow(desk, page.locator("#main").get_by_role("button").last)
    expect(page.locator("#main")).to_contain_text("运输中")
    begin(desk, "receive")
    fill(desk, lines=f"{code} 2")
    follow(desk, page.locator("#main").get_by_role("button").last)
    expect(page.locator("#main")).to_contain_text("已收货")
    assert ask(shop, "SELECT status FROM network_stocktransfer ORDER BY id DESC LIMIT 1") == "received"


def test_the_warehouse_gives_a_file_of_tracking_numbers(desk_of, shop, member, tmp_path, width):
    order = bought(member)
    file = Path(tmp_path, "运单号.csv")
    with file.open("w", encoding="gb18030", newline="") as target:
        csv.writer(target).writerows([["订单号", "快递公司", "运单号"], [order["number"], "SF", f"SFJOUR{width:06d}"]])
    desk = desk_of("warehouse", width=width)
    go(desk, "订单", "批量处理")
    begin(desk, "import")
    desk.page.locator("input[type=file]").set_input_files(file)
    press(desk, "检查文件")
    press(desk, "发货 1 个包裹")
    expect(desk.page.locator("#main")).to_contain_text("共 1 个，已发货 1 个，失败 0 个", timeout=60_000)
    assert parcels(member, order)[0]["tracking_number"] == f"SFJOUR{width:06d}"


def test_finance_settles_a_difference_with_the_gateway(desk_of, shop, width):
    desk = desk_of("finance", width=width)
    start_with(desk, "reconciliation.difference")
    follow(desk, desk.page.locator("#result_list tbody a[href*='/change/']").first)
    begin(desk, "close")
    fill(desk, reason=f"渠道测试单 {width}")
    press(desk, "保存")
    expect(desk.message("差异已更新。")).to_be_visible()
    expect(desk.page.locator("#main")).to_contain_text(f"渠道测试单 {width}")
    assert ask(shop, "SELECT count(*) FROM reconciliation_difference WHERE state = 'open'") == 0
    begin(desk, "reopen")
    fill(desk, reason="再核一遍")
    press(desk, "保存")
    assert ask(shop, "SELECT count(*) FROM reconciliation_difference WHERE state = 'open'") == 1


def test_finance_issues_an_invoice(desk_of, shop, member, width):
    order = bought(member)
    title = {"buyer": "personal", "title": f"林小满 {width}"}
    asked = member.post(f"orders/{order['number']}/invoice", {"invoice_title": title})
    desk = desk_of("finance", width=width)
    start_with(desk, "invoices.issue")
    open_row(desk, title["title"])
    begin(desk, "issue")
    number = f"2026{width:08d}"
    fill(desk, number=number, amount=f"{asked['amount_fen'] / 100:.2f}")
    file = {"name": "发票.pdf", "mimeType": "application/pdf", "buffer": INVOICE}
    desk.page.locator("input[type=file]").set_input_files(file)
    press(desk, "保存")
    expect(desk.message(f"已开票：{number}")).to_be_visible()
    assert member.get(f"orders/{order['number']}/invoice")["status"] == "issued"


def test_finance_approves_a_large_refund_as_the_second_person(desk_of, shop, member, width):
    order = bought(member, quantity=2, worth_fen=30_000)
    asked = after_sale(member, order, kind="refund", quantity=2)
    service = desk_of("service", width=width)
    start_with(service, "after_sales.answer")
    open_row(service, asked["number"])
    begin(service, "approve")
    press(service, "批准")
    assert member.get(f"after-sales/{asked['number']}")["status"] == "second_approval"

    desk = desk_of("finance", width=width)
    start_with(desk, "after_sales.countersign")
    open_row(desk, asked["number"])
    begin(desk, "approve-second")
    expect(desk.page.locator("#goes-back")).to_contain_text("按实付退还")
    press(desk, "复核通过")
    expect(desk.message(f"{asked['number']} · 复核通过")).to_be_visible()
    wait_until(lambda: member.get(f"after-sales/{asked['number']}")["status"] == "completed")


def test_finance_pays_a_distributor_out(desk_of, shop, member, width):
    me = member.get("me")["id"]
    shop.run("take_on", of="selling", member=me, phone=member.phone)
    assert shop.run("bring_order", of="selling", member=me, fen=90_000)["review"] == "clear"
    asked = member.post("distribution/withdrawals", {"amount_fen": 1_000, "method": "wechat"})
    desk = desk_of("finance", width=width)
    start_with(desk, "distribution.withdrawal")
    open_row(desk, asked["number"])
    begin(desk, "approve")
    expect(desk.page.locator("#content-main")).to_contain_text("¥10.00")
    press(desk, "批准")
    waiting = wait_until(lambda: member.get(f"distribution/withdrawals/{asked['number']}")["client_params"])
    member.outside("/wechat/transfers/confirm", {"package": waiting["package"]})
    desk.reload_until(desk.page.locator("#main").get_by_text("已提现", exact=True))
    assert member.get(f"distribution/withdrawals/{asked['number']}")["status"] == "paid"


def test_finance_takes_the_orders_along_as_a_file(desk_of, shop, width):
    desk = desk_of("finance", width=width)
    go(desk, "订单", "订单")
    shown = desk.page.locator("#result_list tbody tr").count()
    assert shown
    begin(desk, "ask")
    press(desk, "导出")
    done = desk.page.locator("#result_list tbody tr").first
    expect(done).to_contain_text("可下载", timeout=60_000)
    with desk.page.expect_download() as waiting:
        done.get_by_role("link").first.click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text("utf-8-sig"))))
    assert len({row["订单号"] for row in rows}) == ask(shop, "SELECT count(*) FROM checkout_order")
    arrive(desk)


def test_the_warehouse_sees_masked_phones_no_margins_and_nothing_that_is_not_its_work(desk_of, shop, member, width):
    order, whole = bought(member), member.phone
    masked = f"{whole[:3]}****{whole[-4:]}"
    desk = desk_of("warehouse", width=width)
    main = desk.page.locator("#main")
    go(desk, "物流", "发货单")
    search(desk, order["number"])
    open_row(desk, order["number"])
    expect(main).to_contain_text(masked)
    expect(main).to_contain_text("文三路 478 号")
    seen = [desk.page.content()]
    for group, item in (("物流", "订单分配"), ("物流", "仓库库存"), ("订单", "售后")):
        go(desk, group, item)
        seen.append(desk.page.content())
    for hidden in (whole, "成本价", "毛利", "支付金额"):
        assert [hidden in page for page in seen] == [False] * len(seen), hidden
    for address in FORBIDDEN:
        assert desk.open(f"/admin/{address}/") == 403, address
        expect(desk.page.get_by_role("heading", name="无权查看此页面")).to_be_visible()
        assert desk.overflow() <= 0
    desk.expect_error("status of 403")
    service = desk_of("service", width=width)
    go(service, "订单", "订单")
    search(service, order["number"])
    open_row(service, order["number"])
    expect(service.page.locator("#main")).to_contain_text(whole)
