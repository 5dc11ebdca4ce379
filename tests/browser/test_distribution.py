"""An operator sets rates and takes on a distributor; finance pays once, by a button; the board says who leads."""

import pytest
from playwright.sync_api import expect

from tests.browser.member import Member, wait_until
from tests.browser.test_mechanisms import ask, fits, type_values

pytestmark = pytest.mark.browser
ROOM = "/admin/distribution/"
PHONE, NOTE = "13900006690", "我在小区开了一家花店"
GRADE = "社区合伙人"
PAID = "SELECT count(*) FROM distribution_commissionentry WHERE kind = 'paid' AND reference = %s"


@pytest.fixture(scope="module")
def member(shop):
    return Member(shop, phone=PHONE)


@pytest.fixture(scope="module")
def seller(shop, member):
    """The same, known to WeChat; taken on by the first of these tests."""
    me = member.get("me")["id"]
    return me, shop.run("sign_in_by_wechat", of="selling", member=me, phone=PHONE)


def save(desk):
    desk.page.get_by_role("button", name="保存", exact=True).click()
    desk.page.wait_for_load_state("networkidle")


def decide(desk, label):
    """The page of an action says what it is about; its button does it."""
    desk.page.locator("#main").get_by_role("link", name=label).first.click()
    desk.page.wait_for_load_state("networkidle")
    fits(desk)
    desk.page.get_by_role("button", name=label).click()
    desk.page.wait_for_load_state("networkidle")


def test_rates_are_set_and_an_application_is_approved(desk_of, member):
    desk = desk_of("operator")
    page = desk.page
    desk.open(f"{ROOM}distributorgrade/add/")
    type_values(page, name=GRADE, position=9, rate_bp="12.5")
    fits(desk)
    save(desk)
    expect(page.locator("#result_list")).to_contain_text("12.5%")
    fits(desk)
    desk.open(f"{ROOM}productrate/add/")
    fits(desk)

    told = member.post("distribution/join", {"note": NOTE})["distributor"]
    assert told["standing"] == "applied"
    desk.open(f"{ROOM}distributor/")
    fits(desk)
    page.locator("#result_list tr", has_text="6690").locator("a[href*='/distributor/']").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#main")).to_contain_text(NOTE)
    fits(desk)
    decide(desk, "批准")
    expect(desk.message("已成为本店分销员").first).to_be_visible()
    page.locator("#main").get_by_role("link", name="调整等级").first.click()
    page.locator("[name=grade]").select_option(label=GRADE)
    fits(desk)
    page.get_by_role("button", name="保存").click()
    page.wait_for_load_state("networkidle")
    fits(desk)
    assert member.get("distribution")["distributor"]["grade"]["name"] == GRADE


def test_finance_pays_what_was_earned_once(desk_of, shop, member, seller):
    me, _openid = seller
    assert shop.run("bring_order", of="selling", member=me, fen=80_000)["review"] == "clear"
    # ¥100 at 12.5 % of ¥800.
    asked = member.post("distribution/withdrawals", {"amount_fen": 6_000, "method": "wechat"})
    desk = desk_of("finance")
    page = desk.page
    desk.open(f"{ROOM}withdrawal/")
    fits(desk)
    page.locator("#result_list").get_by_role("link", name=asked["number"]).click()
    page.wait_for_load_state("networkidle")
    fits(desk)
    link = page.locator("#main").get_by_role("link", name="批准").first.get_attribute("href")
    desk.open(link)
    assert member.get(f"distribution/withdrawals/{asked['number']}")["status"] == "requested"
    expect(page.locator("#content-main")).to_contain_text("¥60.00")
    fits(desk)
    page.get_by_role("button", name="批准").click()
    page.wait_for_load_state("networkidle")
    waiting = wait_until(lambda: member.get(f"distribution/withdrawals/{asked['number']}")["client_params"])
    member.outside("/wechat/transfers/confirm", {"package": waiting["package"]})
    wait_until(lambda: member.get(f"distribution/withdrawals/{asked['number']}")["status"] == "paid")
    page.reload()
    expect(page.locator("#main").get_by_text("已提现", exact=True).first).to_be_visible()
    expect(page.locator("#main").get_by_role("link", name="批准")).to_have_count(0)
    fits(desk)
    paid = ask(
        shop, "SELECT count(*) FROM distribution_commissionentry WHERE reference = %s", f"withdrawal:{asked['number']}"
    )
    assert paid == 2
    desk.open(f"{ROOM}withdrawal/")
    page.locator("#main").get_by_role("link", name="对账单").first.click()
    fits(desk)
    type_values(page, first_day="2026-01-01", last_day="2099-12-31")
    with page.expect_download() as saved:
        page.get_by_role("button", name="下载").click()
    assert asked["number"] in saved.value.path().read_text("utf-8-sig")


def test_an_order_that_looks_wrong_waits_for_a_person(desk_of, shop, seller):
    me, openid = seller
    held = shop.run("bring_order", of="selling", member=me, fen=5_000, payer=openid)
    assert held["review"] == "held"
    desk = desk_of("operator")
    page = desk.page
    desk.open(f"{ROOM}sale/")
    fits(desk)
    row = page.locator("#result_list tr", has_text=held["number"])
    expect(row).to_contain_text("暂扣")
    row.get_by_role("link", name=held["number"]).click()
    page.wait_for_load_state("networkidle")
    fits(desk)
    desk.open(f"{ROOM}sale/")
    row.locator("input[type=checkbox]").first.check(force=True)
    desk.run_action("通过：没有问题")
    expect(desk.message("已通过订单：1 笔")).to_be_visible()


def test_the_board_says_who_leads_and_for_what(desk_of, member):
    desk = desk_of("operator")
    page = desk.page
    desk.open_first(f"{ROOM}leaderboard/")
    expect(page.locator("[name=least]")).to_have_value("0.01")
    expect(page.locator("[name=rewards-0-first_rank]")).to_have_value("1")
    fits(desk)
    page.locator("#main").get_by_role("link", name="榜单").first.click()
    page.wait_for_load_state("networkidle")
    # ¥800 and the ¥50 that a person has cleared.
    expect(page.locator("#content-main tr", has_text="6690")).to_contain_text("¥850.00")
    fits(desk)
    mine = member.get("distribution/leaderboard")
    assert mine["own_value"] == 85_000
    for name in ("binding", "commission", "rankaward", "commissionaccount", "commissionentry"):
        assert desk.open(f"{ROOM}{name}/") == 200
        fits(desk)


def test_a_reward_that_a_refused_order_won_is_taken_back(desk_of, shop, seller):
    me, _openid = seller
    sale = shop.run("win_a_rank", of="selling", member=me, fen=9_000_000)
    desk = desk_of("operator")
    page = desk.page
    assert desk.open(f"{ROOM}sale/{sale}/refuse") == 200
    type_values(page, reason="刷单")
    page.get_by_role("button", name="取消佣金").click()
    page.wait_for_load_state("networkidle")
    fits(desk)
    page.locator("#main").get_by_role("link", name="去查看").first.click()
    page.wait_for_load_state("networkidle")
    fits(desk)
    page.locator("#content-main").get_by_role("link", name="更正奖励").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#content-main tr", has_text="6690")).to_contain_text("¥88.00")
    fits(desk)
    type_values(page, reason="刷单所得")
    page.get_by_role("button", name="更正奖励").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#result_list tr", has_text="6690")).to_contain_text("-¥88.00")
    fits(desk)
    desk.open_first(f"{ROOM}awardcorrection/")
    expect(page.locator("#main")).to_contain_text("刷单所得")
    fits(desk)
    taken = "SELECT sum(amount_fen) FROM distribution_commissionentry WHERE kind = 'rescinded'"
    assert ask(shop, taken) == 8_800
