"""Each role lands on a home with its own queue of work and its figures, and what it is led to opens."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROLES = ("owner", "operator", "warehouse", "finance", "service", "analyst")
FIGURES = {
    "owner": ["今日订单", "今日包裹", "今日资金", "营销活动", "昨日访问"],
    "operator": ["今日订单", "营销活动", "昨日访问"],
    "warehouse": ["今日包裹"],
    "finance": ["今日订单", "今日资金"],
    "service": ["今日订单"],
    "analyst": ["昨日访问"],
}
HIDDEN = {"warehouse": "¥", "service": "支付金额"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_lands_on_its_own_work(desk_of, role):
    laptop, phone = desk_of(role), desk_of(role, width=390, height=844)
    for desk in (laptop, phone):
        home = desk.page.locator("#home")
        expect(home.locator("#queues")).to_be_visible()
        for title in FIGURES[role]:
            expect(home).to_contain_text(title)
        if role in HIDDEN:
            expect(home).not_to_contain_text(HIDDEN[role])
        assert desk.overflow() == 0
        desk.picture(f"home-{role}" if desk is laptop else f"home-{role}-phone")


@pytest.mark.parametrize("role", ROLES)
def test_what_a_home_and_its_navigation_lead_to_opens(desk_of, role):
    desk = desk_of(role)
    links = desk.page.locator("#queues a, #home a[href^='/admin/'], aside a[href^='/admin/']").evaluate_all(
        "all => [...new Set(all.map(each => each.getAttribute('href')))]"
    )
    assert links
    answers = {link: desk.page.request.get(desk.shop.url + link).status for link in links}
    assert {link: status for link, status in answers.items() if status != 200} == {}
