"""Every screen on a laptop and on a phone: it opens, nothing sticks out of it, and axe finds no barrier.

Of each list also the forms of its first row and of a new one; on a phone the second only in place of the first.
"""

import pytest
from playwright.sync_api import expect

from shop.settings.navigation import NAVIGATION
from tests.browser.desk import Desk

pytestmark = pytest.mark.browser

WIDTHS = {"laptop": (1366, 900), "phone": (390, 844)}
SCREENS = [str(item["link"]) for group in NAVIGATION for item in group["items"]]
FORMS = ("change", "add")
MOST_FORMS = {"laptop": 2, "phone": 1}
AT_ONCE = 8
CHUNKS = {SCREENS[at].strip("/"): SCREENS[at : at + AT_ONCE] for at in range(0, len(SCREENS), AT_ONCE)}


@pytest.fixture(scope="module")
def session(shop, chromium):
    """What a browser keeps after the owner has signed in."""
    context = chromium.new_context(locale="zh-CN")
    Desk.at(shop, context).sign_in("owner")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.mark.parametrize("first", CHUNKS)
@pytest.mark.parametrize("width", WIDTHS)
def test_screens_are_fit_for_use(desk_of, session, width, first):
    across, down = WIDTHS[width]
    desk = desk_of(None, session=session, width=across, height=down)
    unfit = {}

    def look(path: str) -> None:
        got = (desk.pass_by(path), desk.overflow(), desk.barriers())
        if got != (200, 0, []):
            unfit[path] = got

    for screen in CHUNKS[first]:
        look(screen)
        for form in _forms_of(desk, screen)[: MOST_FORMS[width]]:
            look(form)
    assert unfit == {}


def _forms_of(desk: Desk, screen: str) -> list[str]:
    found = (desk.page.locator(f"a[href^='{screen}'][href*='/{kind}/']") for kind in FORMS)
    return [links.first.get_attribute("href") or "" for links in found if links.count()]


def test_rows_that_come_and_go_are_named_by_where_they_stand(desk_of, session):
    desk = desk_of(None, session=session)
    desk.open("/admin/discounts/timeddiscount/add/")
    rows = desk.page.locator("#items-data")
    rows.locator(".add-row").click()
    rows.locator(".add-row").click()
    expect(rows.get_by_role("combobox", name="规格，第 3 行", exact=True)).to_be_visible()
    rows.locator(".delete-template:visible").first.click()
    expect(rows.get_by_role("combobox", name="规格，第 3 行", exact=True)).to_have_count(0)
    expect(rows.get_by_role("combobox", name="规格，第 2 行", exact=True)).to_be_visible()
    assert desk.barriers() == []


def test_choices_and_times_have_the_names_of_their_labels(desk_of, session):
    desk = desk_of(None, session=session)
    desk.open("/admin/discounts/timeddiscount/add/")
    expect(desk.page.get_by_role("textbox", name="开始时间 日期", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("textbox", name="开始时间 时间", exact=True)).to_be_visible()
    desk.page.get_by_role("combobox", name="商品，第 1 行", exact=True).click()
    expect(desk.page.get_by_role("searchbox", name="商品，第 1 行", exact=True)).to_be_focused()
    assert desk.barriers() == []
