"""Each role lands on a home with its own queue of work and its figures; what it is led to opens, and its counts are
those of the lists behind them."""

import re

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
def test_what_a_home_counts_is_what_the_lists_behind_it_show(desk_of, role):
    desk = desk_of(role)
    tiles = desk.page.locator("#queues [data-count]").evaluate_all(
        "all => all.map(each => [each.closest('a').getAttribute('href'), Number(each.dataset.count)])"
    )
    empty = desk.page.locator("#queues details a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    for link, count in [*tiles, *((each, 0) for each in empty)]:
        answer = desk.page.request.get(desk.shop.url + link)
        assert answer.status == 200, link
        if "/calendar/" not in link:
            assert rows_of(answer.text()) == count, link


def rows_of(page: str) -> int:
    """As many as the list has, which says so below its rows."""
    told = re.search(r'<div class="[^"]*paginator[^"]*"[^>]*>.*?(\d[\d,]*)', page, re.DOTALL)
    return int(told[1].replace(",", "")) if told else len(re.findall(r'name="_selected_action"', page))
