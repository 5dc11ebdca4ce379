"""A coupon is made at the desk while its sentence follows, claimed on a phone, and used in a store, once."""

import pytest
from playwright.sync_api import expect

from tests.browser.counter import Counter
from tests.browser.member import Member

pytestmark = pytest.mark.browser

TEMPLATES = "/admin/coupons/coupontemplate/"
NAME, PHONE = "到店满减券", "13900005678"
SAID = "满 ¥100 减 ¥20，领取后 7 天有效"


def write_template(desk):
    """The sentence is asked for again and again while somebody types, so that it says what will be saved."""
    page = desk.page
    desk.open(f"{TEMPLATES}add/")
    sentence = page.locator("#coupon-sentence")
    page.locator("#id_name").fill(NAME)
    page.locator("#id_amount_off_fen").fill("20")
    expect(sentence).to_have_text("减 ¥20")
    page.locator("#id_threshold_fen").fill("100")
    page.locator("#id_valid_days").fill("7")
    expect(sentence).to_have_text(SAID)
    page.locator("#id_kind").select_option(label="折扣券")
    expect(page.locator("#id_amount_off_fen")).to_be_hidden()
    page.locator("#id_percent_off_bp").fill("15")
    expect(sentence).to_have_text("满 ¥100 打 8.5 折，领取后 7 天有效")
    page.locator("#id_kind").select_option(label="满减券")
    expect(sentence).to_have_text(SAID)
    page.locator("#id_use_in").select_option(label="线上与门店")
    page.locator("#id_total_limit").fill("500")
    for name, value in (("starts_at_0", "2026-01-01"), ("starts_at_1", "00:00")):
        page.locator(f"#id_{name}").fill(value)
    page.keyboard.press("Escape")
    assert desk.overflow() == 0
    page.locator("#id_name").scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, 0)")
    desk.picture("coupon")
    page.get_by_role("button", name="保存", exact=True).click()


def publish(desk):
    desk.page.locator("#result_list").get_by_role("link", name=NAME, exact=True).click()
    desk.page.get_by_role("link", name="检查并发布").click()
    expect(desk.page.locator("#main")).to_contain_text("与满减满赠")
    desk.page.get_by_label("我已阅读").check()
    desk.page.get_by_role("button", name="检查并发布").click()
    expect(desk.message(f"“{NAME}”已发布")).to_be_visible()


def mine(member, status):
    held = member.get("me/coupons", status=status)["items"]
    return [each["number"] for each in held if each["name"] == NAME]


def test_a_coupon_is_made_claimed_and_used_in_a_store_once(desk_of):
    desk = desk_of("owner", height=1120)
    write_template(desk)
    publish(desk)

    member = Member(desk.shop, phone=PHONE)
    offered = next(each for each in member.get("coupons")["items"] if each["name"] == NAME)
    assert (offered["sentence"], offered["left"], offered["claimable"]) == (SAID, 500, True)
    coupon = member.post(f"coupons/{offered['id']}/claim", {})
    code = member.post(f"me/coupons/{coupon['number']}/pass", {})["code"]

    phone = Counter(desk_of(None, width=375, height=740))
    phone.sign_in("store")
    phone.look(f"{code[:4]} {code[4:8]} {code[8:]}")
    expect(phone.page.locator("#card")).to_contain_text(NAME)
    expect(phone.page.locator("#confirm")).to_be_hidden()
    phone.bill("99.99")
    expect(phone.page.get_by_text("还差 ¥0.01")).to_be_visible()
    phone.bill("120")
    for seen in (NAME, SAID, "¥20.00", "¥100.00"):
        expect(phone.page.locator("#card")).to_contain_text(seen)
    assert mine(member, "unused") == [coupon["number"]]
    phone.page.locator("#confirm").click()
    expect(phone.page.locator("#headline")).to_have_text("优惠券核销")
    assert (mine(member, "unused"), mine(member, "used")) == ([], [coupon["number"]])

    phone.look(code)
    expect(phone.page.locator("#message")).to_contain_text("此码已核销过")
    expect(phone.page.locator("#confirm")).to_be_hidden()
    assert phone.refusals == [409, 409]
    assert member.get("me/coupons", status="used")["items"][0]["store_code"] == "S-WL"
