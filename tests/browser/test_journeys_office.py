"""The owner and the analyst at work, at a desk and on a phone: what they do most, each by their own account."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_mechanisms import ask
from tests.browser.walking import WIDTHS, begin, fill, follow, go, narrow, open_row, press, start_with

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("width", WIDTHS)]

BUYER = "SELECT max(member_id) FROM ledger_pointaccount WHERE available > 0"
AVAILABLE = "SELECT available FROM ledger_pointaccount WHERE member_id = %s"
GROUP_OF = """
SELECT name FROM auth_group JOIN core_staffuser_groups held ON held.group_id = auth_group.id
JOIN core_staffuser staff ON staff.id = held.staffuser_id WHERE staff.username = %s
"""


def test_points_above_the_limit_wait_for_somebody_else_and_the_audit_says_who(desk_of, shop, width):
    points, reason = 2_000 + width, f"活动补发 {width}"
    member = ask(shop, BUYER)
    before = ask(shop, AVAILABLE, member)
    asking = desk_of("operator", width=width)
    go(asking, "积分", "人工积分")
    begin(asking, "give-or-take")
    fill(asking, member=member, points=points, reason=reason)
    press(asking, "保存")
    expect(asking.message("已提交，待他人审批。")).to_be_visible()
    open_row(asking, reason)
    begin(asking, "decide")
    press(asking, "批准")
    expect(asking.message("您提交的申请须由他人审批。")).to_be_visible()
    assert ask(shop, AVAILABLE, member) == before

    owner = desk_of("owner", width=width)
    start_with(owner, "ledger.grant")
    open_row(owner, reason)
    begin(owner, "decide")
    expect(owner.page.locator("#main")).to_contain_text(f"+{points:,}")
    press(owner, "批准")
    expect(owner.message("积分已入账。")).to_be_visible()
    assert ask(shop, AVAILABLE, member) == before + points

    go(owner, "系统", "审计查询")
    owner.page.locator("[name=kind]").select_option(label="人工积分审批")
    press(owner, "查看")
    deed = owner.page.locator("#deeds li").first
    expect(deed.locator("del")).to_have_text("待审批")
    expect(deed.locator("ins")).to_have_text("已入账")
    for told in ("owner", f"+{points:,}", f"原因: {reason}"):
        expect(deed).to_contain_text(told)


def test_a_new_employee_gets_an_account_with_a_role_and_signs_in(desk_of, shop, width):
    account = f"xiaolin{width}"
    owner = desk_of("owner", width=width)
    go(owner, "系统", "员工账号")
    begin(owner, "add")
    fill(owner, username=account, password1=shop.password, password2=shop.password)
    press(owner, "保存")
    fill(owner, first_name="小林")
    owner.page.locator("[name=is_staff]").check(force=True)
    owner.page.locator("select[name=groups]").select_option(label="仓储", force=True)
    press(owner, "保存")
    expect(owner.page.locator("#result_list tr", has_text=account)).to_contain_text("仓储")
    assert ask(shop, GROUP_OF, account) == "仓储"
    colleague = desk_of(account, width=width)
    expect(colleague.page.locator("#home")).to_contain_text("今日包裹")


def test_a_setting_of_the_shop_is_changed(desk_of, shop, width):
    minutes = 20 + width % 100
    owner = desk_of("owner", width=width)
    go(owner, "系统", "设置")
    follow(owner, owner.page.get_by_role("link", name="订单付款时限（分钟）"))
    fill(owner, value=minutes)
    press(owner, "保存")
    expect(owner.message("成功修改")).to_be_visible()
    expect(owner.page.locator("#result_list tr", has_text="订单付款时限（分钟）")).to_contain_text(str(minutes))
    assert ask(shop, "SELECT value FROM core_preferencevalue WHERE key = 'orders.unpaid_minutes'") == minutes


def test_the_owner_finds_out_who_changed_a_product_and_what(desk_of, shop, width):
    subtitle = f"冬日限定 {width}"
    operator = desk_of("operator", width=width)
    go(operator, "商品", "商品")
    name = operator.page.locator("#result_list tbody tr a[href*='/change/']").first
    follow(operator, name)
    earlier = operator.page.locator("[name=subtitle]").input_value()
    fill(operator, subtitle=subtitle)
    press(operator, "保存")
    expect(operator.message("成功修改")).to_be_visible()

    owner = desk_of("owner", width=width)
    go(owner, "系统", "审计查询")
    owner.page.locator("[name=actor]").select_option("operator")
    press(owner, "查看")
    deed = owner.page.locator("#deeds li", has_text=subtitle).first
    expect(deed.locator("ins")).to_contain_text([subtitle])
    if earlier:
        expect(deed.locator("del")).to_contain_text([earlier])
    follow(owner, deed.get_by_role("link").first)
    expect(owner.page.locator("[name=subtitle]")).to_have_value(subtitle)


def test_the_analyst_reads_the_week_of_one_front(desk_of, shop, width):
    analyst = desk_of("analyst", width=width)
    go(analyst, "数据分析", "概览")
    analyst.page.locator("[name=channel]").select_option("h5")
    press(analyst, "查看")
    expect(analyst.page.locator("[name=channel]")).to_have_value("h5")
    shown = analyst.page.locator("#content-main")
    for figure in ("支付金额", "下单数", "访客数"):
        expect(shown).to_contain_text(figure)
    expect(shown.locator("canvas").first).to_be_visible()


def test_the_analyst_sees_where_visitors_leave(desk_of, shop, width):
    analyst = desk_of("analyst", width=width)
    go(analyst, "数据分析", "漏斗")
    shown = analyst.page.locator("#content-main")
    for stage in ("曝光", "点击", "加入购物车", "下单", "已付款"):
        expect(shown).to_contain_text(stage)


def test_the_analyst_takes_a_report_along(desk_of, shop, width):
    analyst = desk_of("analyst", width=width)
    go(analyst, "数据分析", "经营报表")
    follow(analyst, analyst.page.locator("#result_list a[href*='/change/']").first)
    expect(analyst.page.locator("#content-main")).to_contain_text("支付订单数")
    for ending in ("PDF", "XLSX"):
        with analyst.page.expect_download() as waiting:
            analyst.page.get_by_role("link", name=ending, exact=True).click()
        assert waiting.value.suggested_filename.endswith(f".{ending.lower()}")


def test_the_analyst_finds_buyers_who_have_gone_quiet(desk_of, shop, width):
    analyst = desk_of("analyst", width=width)
    go(analyst, "数据分析", "买家")
    narrow(analyst, "沉睡")
    rows = analyst.page.locator("#result_list tbody tr")
    assert rows.count() == ask(shop, "SELECT count(*) FROM buyers_buyerprofile WHERE stage = 'dormant'")
    for row in rows.all():
        expect(row).to_contain_text("沉睡")


def test_the_menu_and_the_filters_of_a_list_open_by_keyboard(desk_of, shop, width):
    analyst = desk_of("analyst", width=width)
    page, keys = analyst.page, analyst.page.keyboard
    back = "Tab"
    if width < WIDTHS[0]:
        analyst.tab_to(page.get_by_role("button", name="菜单"))
        keys.press("Enter")
        back = "Shift+Tab"
    analyst.tab_to(page.locator("#nav-sidebar-apps h2", has_text="数据分析"), key=back)
    keys.press("Enter")
    analyst.tab_to(page.locator("#nav-sidebar-apps a[href='/admin/buyers/buyerprofile/']"))
    analyst.enter()
    page.wait_for_load_state("networkidle")
    analyst.skip_navigation()
    analyst.tab_to(page.get_by_role("button", name="筛选"))
    keys.press("Space")
    expect(page.locator("#changelist-filter")).to_be_visible()
    analyst.tab_to(page.locator("#changelist-filter").get_by_role("link", name="沉睡", exact=True))
    analyst.enter()
    expect(page.locator("#result_list tbody tr").first).to_contain_text("沉睡")
