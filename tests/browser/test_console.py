"""The console itself: signing in, home, languages, settings, the outbox, the API's documentation."""

import psycopg2
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SWEEPS_SECONDS = 45  # undelivered facts are picked up by a job that runs every ten


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_home(desk_of):
    desk = desk_of(None)
    desk.open("/admin/")
    expect(desk.page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(desk.page.get_by_text("欢迎回到")).to_be_visible()
    desk.page.locator("[name=username]").fill("owner")
    desk.page.locator("[name=password]").fill("guess")
    desk.page.get_by_role("button", name="登录").click()
    expect(desk.page.get_by_text("请输入一个正确的")).to_be_visible()
    desk.sign_in("owner")
    expect(desk.page).to_have_title("首页 | 灯笼小铺")


def test_the_home_shows_todays_figures_and_charts(desk):
    home = desk.page.locator("#home")
    for label in ("今日订单", "支付金额", "待发货", "待付款"):
        expect(home).to_contain_text(label)
    expect(home.locator("canvas").first).to_be_visible()
    drawn = home.locator("canvas").first.evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)"
    )
    assert drawn
    desk.picture("home")


def test_staff_switch_to_english_and_back(desk):
    desk.page.get_by_text("店主", exact=True).last.click()
    desk.page.get_by_role("button", name="English").click()
    expect(desk.page.get_by_text("Scheduled jobs")).to_have_count(1)
    expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    desk.page.locator("[x-on\\:click='openUserLinks = !openUserLinks']").click()
    desk.page.get_by_role("button", name="简体中文").click()
    expect(desk.page.get_by_text("定时任务")).to_have_count(1)


def test_a_setting_is_changed_and_takes_effect(desk):
    desk.open("/admin/core/preferencevalue/")
    expect(desk.page.locator("#result_list")).to_contain_text("订单付款时限（分钟）")
    desk.page.get_by_role("link", name="店铺名称").click()
    desk.page.locator("[name=value]").fill("灯笼小铺旗舰店")
    desk.page.get_by_role("button", name="保存", exact=True).click()
    expect(desk.message("成功修改")).to_be_visible()
    desk.page.wait_for_timeout(5500)  # settings are kept for five seconds by each process
    assert desk.page.request.get(f"{desk.shop.url}/api/v1/bootstrap").json()["shop"]["name"] == "灯笼小铺旗舰店"


def test_a_parked_message_is_delivered_again(desk):
    with psycopg2.connect(desk.shop.database_url) as database, database.cursor() as cursor:
        cursor.execute(
            "UPDATE core_outboxentry SET status = 'parked', last_error = 'gateway was down' "
            "WHERE id = (SELECT max(id) FROM core_outboxentry WHERE fact = 'ShipmentDelivered') RETURNING event_id"
        )
        event = cursor.fetchone()[0]
    desk.open("/admin/")
    expect(desk.page.locator("#attention")).to_contain_text("1 条消息未能投递")
    desk.page.locator("#attention").get_by_role("link", name="1 条消息未能投递").click()
    expect(desk.page.locator("#result_list tbody tr")).to_have_count(1)
    desk.page.locator("#result_list tbody input[type=checkbox]").check()
    desk.run_action("重新投递")
    expect(desk.message("将重新投递 1 条消息。")).to_be_visible()
    # The fact has a row for each of its subscribers.
    rows = desk.page.locator("#result_list tbody tr")
    delivered = desk.page.locator("#result_list tbody tr", has_text="已完成")
    for _ in range(SWEEPS_SECONDS):
        desk.open(f"/admin/core/outboxentry/?q={event}")
        if rows.count() == delivered.count():
            break
        desk.page.wait_for_timeout(1000)
    expect(delivered).to_have_count(rows.count())


def test_the_documentation_of_the_api_can_be_read(desk_of):
    desk = desk_of(None)
    desk.open("/api/docs/")
    find = desk.page.locator(".operation-filter-input")
    find.fill("products")
    desk.page.locator("#operations-tag-products").click()
    expect(desk.page.get_by_text("/api/v1/products", exact=True).first).to_be_visible()
    desk.picture("swagger")
    find.fill("bootstrap")
    desk.page.locator("#operations-tag-bootstrap").click()
    desk.page.locator(".opblock", has_text="/api/v1/bootstrap").first.click()
    desk.page.get_by_role("button", name="Try it out").first.click()
    desk.page.get_by_role("button", name="Execute").first.click()
    expect(desk.page.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
