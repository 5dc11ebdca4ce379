"""A merchant builds a festival at the console: campaigns in a bundle, looked at before anybody else sees them."""

import re
from datetime import timedelta

import psycopg2
import pytest
from playwright.sync_api import expect

from shop.core import clock
from shop.core.money import yuan

pytestmark = pytest.mark.browser

DEAREST = """
SELECT sku.code || ' ' || sku.price_fen FROM catalog_sku sku JOIN catalog_product product ON product.id = sku.product_id
JOIN catalog_category category ON category.id = product.category_id
WHERE category.slug = 'snacks' ORDER BY sku.price_fen DESC, sku.id LIMIT 1
"""
STANDING = """
SELECT status FROM discounts_timeddiscount WHERE name = '冬至八折'
UNION ALL SELECT status FROM discounts_spendoffer WHERE name = '冬至满百减十'
UNION ALL SELECT status FROM coupons_coupontemplate WHERE name = '冬至券'
"""
NOTED = """
SELECT count(*) FROM campaigns_campaignevent WHERE action = 'noted' AND actor = 'staff:operator' AND note LIKE %s
"""


def rows(shop, sql, *values):
    with psycopg2.connect(shop.database_url) as database, database.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def type_window(page, start, end):
    for name, moment in (("starts_at", start), ("ends_at", end)):
        page.locator(f"[name={name}_0]").fill(f"{moment:%Y-%m-%d}")
        page.locator(f"[name={name}_1]").fill("00:00:00")


def pick(page, select, term):
    """Type what is searched into a picker and take it from what is found."""
    page.locator(f"select[name={select}] + .select2").click()
    page.locator(".select2-search__field:focus").fill(term)
    page.locator(".select2-results__option").get_by_text(term, exact=True).click()


def fen_of(yuan):
    return round(float(yuan.replace(",", "")) * 100)


def save(page):
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_load_state("networkidle")


def open_bundle(desk):
    desk.open("/admin/campaigns/campaignbundle/?q=冬至")
    desk.page.locator("#result_list").get_by_role("link", name="冬至灯会").click()
    desk.page.wait_for_load_state("networkidle")


def add(desk, kind):
    open_bundle(desk)
    desk.page.locator("#bundle-campaigns").get_by_role("link", name=f"+ {kind}", exact=True).click()
    desk.page.wait_for_load_state("networkidle")


def build_bundle(desk):
    today = clock.business_day(clock.now())
    desk.open("/admin/campaigns/campaignbundle/add/")
    desk.page.locator("[name=name]").fill("冬至灯会")
    type_window(desk.page, today + timedelta(days=2), today + timedelta(days=9))
    save(desk.page)


def build_discount(desk, sku):
    add(desk, "限时折扣")
    page = desk.page
    page.locator("[name=name]").fill("冬至八折")
    pick(page, "items-0-sku", sku)
    page.locator("[name=items-0-off_bp]").fill("20")
    save(page)
    expect(desk.message("成功").first).to_be_visible()


def build_offer(desk):
    add(desk, "满减满赠")
    page = desk.page
    page.locator("[name=name]").fill("冬至满百减十")
    page.locator("[name=tiers-0-threshold_fen]").fill("100")
    page.locator("[name=tiers-0-off_fen]").fill("10")
    save(page)
    expect(desk.message("成功").first).to_be_visible()


def build_coupon(desk):
    add(desk, "优惠券模板")
    page = desk.page
    page.locator("[name=name]").fill("冬至券")
    page.locator("[name=amount_off_fen]").fill("5")
    page.locator("[name=total_limit]").fill("500")
    page.locator("[name=threshold_fen]").fill("50")
    page.locator("[name=valid_days]").fill("7")
    save(page)
    expect(desk.message("成功").first).to_be_visible()


def payable_fen(units, price_fen):
    """A fifth off each; of the two offers that meet the one that takes off more; ¥5 by the coupon."""
    net_fen = units * (price_fen - price_fen // 5)
    assert 10_000 <= net_fen < 50_000
    return net_fen - (2500 if net_fen >= 20_000 else 1000) - 500


def test_a_festival_is_built_previewed_and_published_and_what_it_meets_is_named(desk_of):
    desk = desk_of("operator", height=1200)
    page = desk.page
    sku, price_fen = rows(desk.shop, DEAREST)[0].split()
    build_bundle(desk)
    build_discount(desk, sku)
    build_offer(desk)
    build_coupon(desk)

    open_bundle(desk)
    page.locator("#bundle-campaigns").get_by_role("link", name="预览").click()
    pick(page, "sku_1", sku)
    page.locator("[name=units_1]").fill("3")
    page.get_by_role("button", name="计算价格").click()
    expect(page.locator("#payable")).to_have_text(yuan(payable_fen(3, int(price_fen))))
    acting = page.locator("#preview tr", has_text="✓")
    for name in ("冬至八折", "冬至券"):
        expect(acting.filter(has_text=name)).to_have_count(1)
    expect(page.locator("#preview")).to_contain_text("冬至满百减十")
    assert desk.overflow() == 0
    desk.picture("promotion-preview")

    open_bundle(desk)
    page.get_by_role("link", name="检查并全部发布").click()
    named = page.locator("#content-main tr", has_text="与满减满赠“满 200 减 25”重叠")
    said = named.first.inner_text()
    # The window that both share, and what a basket costs with each of them and with both.
    shared = re.search(r"自 (\S+ \S+) (起|至 (\S+ \S+))", said)
    assert shared is not None
    assert shared[1] >= f"{clock.business_day(clock.now()):%Y-%m-%d}"
    before, alone, other, both = map(fen_of, re.findall(r"¥([\d,]+\.\d\d)", said))
    assert both <= min(alone, other)
    assert max(alone, other) <= before
    page.get_by_role("button", name="全部发布").click()
    page.wait_for_load_state("networkidle")
    assert rows(desk.shop, STANDING) == ["draft", "draft", "draft"]
    page.get_by_label("我已阅读以上检查结果").check()
    page.get_by_role("button", name="全部发布").click()
    expect(desk.message("已发布：3")).to_be_visible()
    assert rows(desk.shop, STANDING) == ["scheduled", "scheduled", "scheduled"]
    assert rows(desk.shop, NOTED, "%满 200 减 25%")[0] >= 1


def test_the_calendar_shows_what_runs_what_comes_and_what_meets(desk_of):
    desk = desk_of("operator", height=1100)
    desk.open("/admin/campaigns/campaignbundle/calendar/")
    calendar = desk.page.locator("#calendar")
    for name in ("茗茶限时八八折", "满 200 减 25", "年货节零食三件九折"):
        expect(calendar).to_contain_text(name)
    expect(desk.page.locator("#conflicts")).to_contain_text("同享")
    assert desk.overflow() == 0
    desk.picture("campaign-calendar")
