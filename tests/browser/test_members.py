"""Members at the desk: everything about one of them on a page, growth by hand, and the words that they are told."""

import psycopg2
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NOTED = """
SELECT member.id FROM identity_member member JOIN checkout_order placed ON placed.member_id = member.id
WHERE member.status = 'active' AND EXISTS (SELECT FROM segments_membernote note WHERE note.member_id = member.id)
GROUP BY member.id ORDER BY count(*), member.id LIMIT 1
"""
SHIPPED_BY_WECHAT = """
SELECT id FROM notifications_notificationtemplate
WHERE event = 'order_shipped' AND channel = 'subscribe' AND language = 'zh-hans'
"""


def one(shop, sql):
    with psycopg2.connect(shop.database_url) as database, database.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_service_sees_a_member_on_one_page_and_gives_growth(desk_of):
    desk = desk_of("service", height=1400)
    member = one(desk.shop, NOTED)
    desk.open(f"/admin/identity/member/{member}/change/")
    panels = desk.page.locator("#member-panels")
    for title in ("等级与成长值", "订单", "标签与人群", "备注", "邀请", "通知", "收货地址", "登录设备"):
        expect(panels).to_contain_text(title)
    assert desk.overflow() == 0
    desk.picture("member")
    panels.get_by_role("link", name="增减成长值").click()
    expect(desk.page.locator("[name=member]")).to_have_value(str(member))
    desk.page.locator("[name=growth]").fill("120")
    desk.page.locator("[name=reason]").fill("包裹迟到，致歉")
    desk.page.get_by_role("button", name="保存").click()
    expect(desk.message("手动调整成长值：+120")).to_be_visible()


def test_the_words_of_a_message_are_changed_with_a_preview(desk_of):
    desk = desk_of("owner", height=980)
    template = one(desk.shop, SHIPPED_BY_WECHAT)
    desk.open(f"/admin/notifications/notificationtemplate/{template}/change/")
    expect(desk.page.locator("#main")).to_contain_text("{tracking_number}")
    expect(desk.page.locator("#main")).to_contain_text("SF1234567890")
    assert desk.overflow() == 0
    desk.picture("template")
    body = desk.page.locator("[name=body]")
    before = body.input_value()
    body.fill("thing2: {nobody}")
    desk.page.get_by_role("button", name="保存", exact=True).click()
    expect(desk.page.get_by_text("不是此事件的字段")).to_be_visible()
    body.fill(before)
    desk.page.get_by_role("button", name="保存", exact=True).click()
    expect(desk.message("成功修改")).to_be_visible()
