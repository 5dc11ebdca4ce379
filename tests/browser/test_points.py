"""A merchant writes an earning rule without typing code, tries it, publishes it, and members earn what was promised."""

import re
import time
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from shop.core.clock import SHANGHAI

pytestmark = pytest.mark.browser
RULES = "/admin/rules/earningrule/"


def choose(desk, field, label):
    """Pick one entry of a field that opens a list."""
    desk.page.locator(f".field-{field} .select2-selection").first.click()
    desk.page.locator(".select2-results__option", has_text=label).first.click()


def find(desk, field, text):
    """The same in a field that searches."""
    desk.page.locator(f"#id_{field} + .select2 .select2-selection").click()
    desk.page.locator(".select2-search__field").last.fill(text)
    desk.page.locator(".select2-results__option", has_text=text).first.click()


def last_weekday(weekday, *, hour):
    """The last such day (0 is Monday) before today, in Shanghai, at this hour."""
    today = datetime.now(SHANGHAI)
    days = (today.weekday() - weekday - 1) % 7 + 1
    return (today - timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def write_rule(desk, category, last_day):
    page = desk.page
    desk.open(f"{RULES}add/")
    page.locator("#id_name").fill("金卡周六双倍")
    page.locator("#id_effect").select_option(label="积分翻倍")
    page.locator("#id_times").fill("2")
    expect(page.locator("#id_rate_points")).to_be_hidden()
    choose(desk, "tiers", "金卡会员")
    page.get_by_label("周六").check()
    choose(desk, "categories", category)
    page.locator("#id_limit_1_amount").fill("500")
    page.locator("#id_last_day").fill(last_day.isoformat())
    page.keyboard.press("Escape")
    said = f"金卡会员，周六，{category}类商品双倍积分，每日最多 500 分，至 {shown(last_day)}"
    expect(page.locator("#rule-sentence p").first).to_have_text(said)
    page.locator("#id_name").scroll_into_view_if_needed()
    desk.picture("points-rule")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(desk.message("草稿已保存，发布后生效。")).to_be_visible()
    return said


def shown(day):
    year = "" if day.year == datetime.now(SHANGHAI).year else f"{day.year} 年 "
    return f"{year}{day.month} 月 {day.day} 日"


def previewed(desk, rule_url, buyer, fen, units, moment):
    """What the preview of the draft promises for this purchase."""
    page = desk.page
    page.goto(rule_url)
    page.get_by_role("link", name="预览").click()
    page.locator("#id_member").fill(str(buyer["member"]))
    page.locator("#id_at_0").fill(f"{moment:%Y-%m-%d}")
    page.locator("#id_at_1").fill(f"{moment:%H:%M}")
    page.keyboard.press("Escape")
    find(desk, "sku_1", buyer["code"])
    page.locator("#id_units_1").fill(str(units))
    page.locator("#id_fen_1").fill(f"{fen / 100:.2f}")
    page.get_by_role("button", name="预览").click()
    found = page.locator("#preview [data-points]").last.inner_text()
    return int(re.sub(r"\D", "", found))


def earned(desk, number):
    """What the order really earned, once the shop has dealt with its payment."""
    for _ in range(60):
        desk.open(f"/admin/rules/earning/?q=order:{number}")
        row = desk.page.locator("#result_list tbody tr")
        if row.count():
            return int(row.locator(".field-points").inner_text().replace(",", ""))
        time.sleep(1)
    raise TimeoutError(f"order {number} has earned nothing")


def explained(desk, number):
    """What each rule gave for the order, and the sentences of those that gave nothing."""
    desk.open(f"/admin/rules/earning/?q=order:{number}")
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    reasons = desk.page.locator("#main li", has_text=re.compile(r"^\s*([+-]\d|0)"))
    expect(reasons.first).to_be_visible()
    told = [(each.locator("span").first.inner_text(), each.inner_text()) for each in reasons.all()]
    return [int(points) for points, _said in told if points != "0"], [said for points, said in told if points == "0"]


def row_of(desk, buyer, points):
    """The entry of so many points in the member's ledger."""
    desk.open(f"/admin/ledger/pointaccount/{buyer['member']}/change/")
    return desk.page.locator("#points-ledger tbody tr", has_text=f"+{points}").first


def test_a_rule_made_by_clicking_gives_what_its_preview_promised(desk):
    saturday, friday = last_weekday(5, hour=10), last_weekday(4, hour=10)
    buyer = desk.shop.run("gold_member", since=(saturday - timedelta(days=30)).isoformat())
    last_day = datetime.now(SHANGHAI).date().replace(month=3, day=31)
    last_day = last_day.replace(year=last_day.year + (last_day < datetime.now(SHANGHAI).date()))
    said = write_rule(desk, buyer["category"], last_day)
    rule_url = desk.page.url

    desk.page.get_by_role("link", name="发布").click()
    expect(desk.page.locator("#confirm")).to_contain_text(said)
    desk.page.get_by_role("button", name="发布").click()
    expect(desk.message("规则已生效。")).to_be_visible()

    left = 500
    for units, moment in ((2, saturday), (3, saturday + timedelta(hours=2)), (2, friday)):
        basket = {"member": buyer["member"], "sku": buyer["sku"], "units": units, "at": moment.isoformat()}
        fen = desk.shop.run("price", **basket)
        promised = previewed(desk, rule_url, buyer, fen, units, moment)
        number = desk.shop.run("buy", **basket)
        assert earned(desk, number) == promised
        gave, rejected = explained(desk, number)
        assert sum(gave) == promised
        assert any("金卡周六双倍" in said for said in rejected) == (moment == friday)
        row = row_of(desk, buyer, promised)
        expect(row).to_contain_text(f"合计 {promised}")
        for sentence in rejected:
            expect(row).to_contain_text(sentence.removeprefix("0").strip())
        # A point per yuan and a quarter for gold; once more on Saturday, until the day's 500 are given.
        doubled = min(fen // 100, left) if moment != friday else 0
        left -= doubled
        assert promised == fen // 100 + fen // 400 + doubled
    assert left == 0
