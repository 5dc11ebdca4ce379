"""Outreach as staff use it: a ready-made plan in two clicks, its run, and what came of it."""

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.browser.walking import WIDTHS

pytestmark = pytest.mark.browser


@pytest.fixture
def no_quiet_hours(shop):
    """Or the run would wait for the morning, whenever this is run at night."""
    with psycopg2.connect(shop.database_url) as database, database.cursor() as cursor:
        for key in ("notifications.quiet_from_hour", "notifications.quiet_until_hour"):
            cursor.execute(
                "INSERT INTO core_preferencevalue (key, value) VALUES (%s, '0')"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key],
            )


def test_a_ready_made_plan_is_started_with_two_clicks_and_its_result_is_seen(desk_of, no_quiet_hours):
    desk = desk_of("operator")
    main = desk.page.locator("#main")
    desk.page.wait_for_timeout(5500)  # settings are kept for five seconds by each process
    desk.open("/admin/outreach/plan/")
    desk.page.get_by_role("link", name="现成计划").click()
    desk.page.wait_for_load_state("networkidle")
    desk.picture("outreach-ready")
    desk.page.locator("form", has_text="通知规则变更").get_by_role("button", name="使用此计划").click()

    expect(main).to_contain_text("将触达")
    expect(main).to_contain_text("积分规则有调整")
    desk.page.wait_for_load_state("networkidle")
    assert desk.overflow() <= 0
    desk.picture("outreach-preview")
    desk.page.get_by_role("button", name="开始", exact=True).click()
    expect(desk.message("“通知规则变更”已启动。")).to_be_visible()

    ended = desk.page.locator("#campaign-steps", has_text="已结束")
    desk.reload_until(ended)
    desk.page.get_by_role("link", name="执行记录").click()
    expect(desk.page.locator("#result_list tbody tr")).to_have_count(1)
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    desk.page.get_by_role("link", name="效果").click()
    expect(desk.page.locator("#said")).to_contain_text("没有对照组，无法判断")
    assert desk.overflow() <= 0


@pytest.mark.parametrize("width", WIDTHS)
def test_a_result_stands_beside_its_control_group(desk_of, width):
    desk = desk_of("analyst", width=width)
    desk.open("/admin/outreach/plan/?q=新品")
    desk.page.locator("#result_list a[href*='/change/']").last.click()
    desk.page.get_by_role("link", name="效果").click()
    main = desk.page.locator("#main")
    for said in ("触达组", "对照组", "95% 置信区间", "人均净付"):
        expect(main).to_contain_text(said)
    expect(main.locator("canvas").first).to_be_visible()
    assert desk.overflow() <= 0
    if width == WIDTHS[0]:
        desk.picture("outreach-result")
