"""A merchant writes each mechanism that brings people in, has it checked, publishes it, and reads what came of it.

The results are those of the demo shop. Every page fits a phone.
"""

import re
from datetime import datetime, timedelta

import psycopg2
import pytest
from playwright.sync_api import expect

from shop.core import clock
from shop.core.clock import SHANGHAI

pytestmark = pytest.mark.browser
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1366, "height": 900}
DAY = timedelta(days=1)

DEAREST = """
SELECT sku.{column} FROM catalog_sku sku JOIN catalog_product product ON product.id = sku.product_id
WHERE sku.is_active AND product.on_shelf AND product.kind = 'goods' ORDER BY sku.price_fen DESC, sku.id LIMIT 1
"""
RUNNING = [
    ("flash_sale", "flashsale"),
    ("group_buy", "groupbuy"),
    ("bargaining", "bargain"),
    ("lottery", "lottery"),
    ("presale", "presale"),
    ("quiz", "quiz"),
]


def ask(shop, sql, *values):
    with psycopg2.connect(shop.database_url) as database, database.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def standing(shop, table, name):
    return ask(shop, f"SELECT status FROM {table} WHERE name = %s ORDER BY id DESC LIMIT 1", name)


def fits(desk):
    """On a screen of the office and on a phone."""
    for size in (PHONE, DESK):
        desk.page.set_viewport_size(size)
        assert desk.overflow() <= 0, size


def day(days):
    """So many days from today, at midnight."""
    return datetime.combine(clock.business_day(clock.now()) + days * DAY, datetime.min.time(), SHANGHAI)


def type_moments(page, **moments):
    for name, moment in moments.items():
        page.locator(f"[name={name}_0]").fill(f"{moment:%Y-%m-%d}")
        page.locator(f"[name={name}_1]").fill(f"{moment:%H:%M:%S}")


def type_values(page, **values):
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(str(value))


def pick(desk, select):
    """The dearest of what is sold; its code."""
    code, page = ask(desk.shop, DEAREST.format(column="code")), desk.page
    page.locator(f"select[name={select}] + .select2").click()
    page.locator(".select2-search__field:focus").fill(code)
    page.locator(".select2-results__option").get_by_text(code).first.click()


def draft(desk, kind, name):
    desk.open(f"/admin/{kind}/add/")
    type_values(desk.page, name=name)


def save(desk):
    """Saved, and still on its page."""
    desk.page.get_by_role("button", name="保存并继续编辑").click()
    desk.page.wait_for_load_state("networkidle")
    expect(desk.page.locator("#campaign-steps")).to_be_visible()


def page_top(desk):
    desk.page.keyboard.press("Escape")
    desk.page.evaluate("window.scrollTo(0, 0)")


def publish(desk):
    """Through the page that says what was found."""
    page = desk.page
    page.locator("#campaign-steps").get_by_role("link", name="检查并发布").click()
    page.wait_for_load_state("networkidle")
    fits(desk)
    if page.locator("[name=noted]").count():
        page.locator("[name=noted]").check(force=True)
    page.get_by_role("button", name="检查并发布").click()
    page.wait_for_load_state("networkidle")
    fits(desk)


def test_a_flash_sale_with_a_session_and_its_goods(desk_of):
    desk = desk_of("operator")
    page = desk.page
    draft(desk, "flash_sale/flashsale", "周末抢鲜")
    type_moments(page, starts_at=day(2), ends_at=day(3))
    type_values(page, budget_fen=5000)
    ten = timedelta(hours=10)
    type_moments(page, **{"sessions-0-starts_at": day(2) + ten, "sessions-0-ends_at": day(2) + 2 * ten})
    save_and_name_goods(desk)
    pick(desk, "items-0-sku")
    type_values(page, **{"items-0-price_fen": 1, "items-0-points": 100, "items-0-quota": 10})
    fits(desk)
    desk.picture("flash-sale")
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#sessions-group")).to_contain_text("1 个商品")
    publish(desk)
    assert standing(desk.shop, "flash_sale_flashsale", "周末抢鲜") in ("scheduled", "awaiting")


def save_and_name_goods(desk):
    """The sale is saved; then its session is opened."""
    save(desk)
    fits(desk)
    desk.page.locator("#sessions-group").get_by_role("link", name="还没有").click()
    desk.page.wait_for_load_state("networkidle")


def test_a_group_buy_of_three(desk_of):
    desk = desk_of("operator")
    draft(desk, "group_buy/groupbuy", "周末三人团")
    type_moments(desk.page, starts_at=day(1), ends_at=day(5))
    type_values(desk.page, size=3, hours=24, budget_fen=5000)
    pick(desk, "items-0-sku")
    yuan = ask(desk.shop, DEAREST.format(column="price_fen")) // 100
    type_values(desk.page, **{"items-0-price_fen": yuan - 5, "items-0-leader_price_fen": yuan - 10})
    fits(desk)
    page_top(desk)
    desk.picture("group-buy")
    save(desk)
    publish(desk)
    assert standing(desk.shop, "group_buy_groupbuy", "周末三人团") in ("scheduled", "awaiting")


def test_a_bargain_whose_way_down_is_seen_before_it_is_published(desk_of):
    desk = desk_of("operator")
    draft(desk, "bargaining/bargain", "周末砍价")
    pick(desk, "sku")
    type_values(desk.page, floor_fen=300, fewest_cuts=6, most_cuts=6, budget_fen=5000)
    type_moments(desk.page, starts_at=day(-1), ends_at=day(5))
    save(desk)
    run = desk.page.locator("[data-bargain-run]")
    expect(run.locator("title")).to_have_count(6)
    expect(run).to_contain_text(re.compile("需要 5 位好友；若都是新会员，3 位即可"))
    publish(desk)
    assert standing(desk.shop, "bargaining_bargain", "周末砍价") in ("running", "awaiting")


def test_a_lottery_with_prizes_and_the_odds_that_it_publishes(desk_of):
    desk = desk_of("operator")
    page = desk.page
    draft(desk, "lottery/lottery", "周末转盘")
    type_moments(page, starts_at=day(1), ends_at=day(5))
    type_values(page, budget_fen=1000, check_in_chances=1)
    for number, (name, kind, weight) in enumerate((("二十积分", "points", 10), ("谢谢参与", "none", 90))):
        page.locator("#prizes-group").get_by_text(re.compile("^添加另一个")).last.click()
        type_values(page, **{f"prizes-{number}-name": name, f"prizes-{number}-weight": weight})
        page.locator(f"[name=prizes-{number}-kind]").select_option(kind)
    type_values(page, **{"prizes-0-points": 20, "prizes-0-stock": 100})
    page.locator("[name=prizes-1-is_fallback]").evaluate("box => box.click()")
    fits(desk)
    save(desk)
    page.locator("#campaign-steps").get_by_role("link", name="中奖概率").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#content-main")).to_contain_text("10 %")
    fits(desk)
    page.go_back()
    publish(desk)
    assert standing(desk.shop, "lottery_lottery", "周末转盘") in ("scheduled", "awaiting")


def test_a_presale_with_a_deposit_and_a_balance(desk_of):
    desk = desk_of("operator")
    draft(desk, "presale/presale", "周末预售")
    type_moments(
        desk.page, starts_at=day(1), ends_at=day(5), balance_from=day(5), balance_until=day(8), ships_at=day(10)
    )
    type_values(desk.page, budget_fen=5000)
    pick(desk, "items-0-sku")
    wanted = {"price_fen": 600, "deposit_fen": 10, "expanded_fen": 20, "quota": 50}
    type_values(desk.page, **{f"items-0-{name}": value for name, value in wanted.items()})
    fits(desk)
    save(desk)
    publish(desk)
    assert standing(desk.shop, "presale_presale", "周末预售") in ("scheduled", "awaiting")


def test_what_came_of_each_is_read_on_a_page_that_fits_a_phone(desk_of):
    desk = desk_of("operator")
    for room, model in RUNNING:
        pk = ask(desk.shop, f"SELECT id FROM {room}_{model} WHERE status = 'running' ORDER BY id LIMIT 1")
        assert desk.open(f"/admin/{room}/{model}/{pk}/step/result/") == 200
        shown = desk.page.locator("#content-main")
        for figure in ("参与", "新会员", "投入产出"):
            expect(shown).to_contain_text(figure)
        fits(desk)
