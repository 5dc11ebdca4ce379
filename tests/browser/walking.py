"""Walking through the console as people do: by its menu, the queues of its home, its buttons, at any width.

Every page that is reached this way fits the window.
"""

import re

from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk

WIDTHS = [1366, 390]


def arrive(desk: Desk) -> None:
    desk.page.wait_for_load_state("networkidle")
    assert desk.overflow() <= 0, desk.page.url


def follow(desk: Desk, target: Locator) -> None:
    """Click what leads to another page."""
    with desk.page.expect_navigation():
        target.click()
    arrive(desk)


def press(desk: Desk, label: str) -> None:
    """Send a form by the button of this name."""
    follow(desk, desk.page.locator("#main").get_by_role("button", name=label, exact=True).last)


def go(desk: Desk, group: str, item: str) -> None:
    """By the menu; on a phone, and where a group is closed, it is opened first."""
    page = desk.page
    menu = page.locator("#nav-sidebar-apps")
    if not menu.is_visible():
        page.get_by_role("button", name="菜单").click()
    heading = menu.locator("h2", has_text=re.compile(rf"^\s*{group}\s*(chevron_right)?\s*$"))
    entry = heading.locator("xpath=following-sibling::ol").locator("a", has=page.get_by_text(item, exact=True))
    if not entry.is_visible():
        heading.click()
    expect(entry).to_be_visible()
    follow(desk, entry)


def start_with(desk: Desk, queue: str) -> None:
    """By one of the queues on the home page, which is not empty."""
    waiting = desk.page.locator(f"#queues [data-queue='{queue}']").first
    expect(waiting.locator("[data-count]")).not_to_have_text("0")
    follow(desk, waiting)


def begin(desk: Desk, path: str) -> None:
    """What can be done on top of a page; on a phone behind a button of its own."""
    more = desk.page.locator("#main a[href='#']:visible", has_text="more_horiz")
    if more.count():
        more.first.click()
    follow(desk, desk.page.locator(f"#main a[href*='/{path}']:visible").first)


def search(desk: Desk, term: str) -> None:
    """In the field of a list."""
    field = desk.page.locator("input[name=q]:visible").first
    field.fill(term)
    with desk.page.expect_navigation():
        field.press("Enter")
    arrive(desk)


def open_row(desk: Desk, text: str) -> None:
    """The page of the row that says so."""
    row = desk.page.locator("#result_list tbody tr", has_text=text).first
    follow(desk, row.locator("a[href*='/change/']").first)


def fill(desk: Desk, **values: object) -> None:
    for name, value in values.items():
        desk.page.locator(f"#main [name='{name}']").fill(str(value))


def narrow(desk: Desk, choice: str) -> None:
    """Open the filters of a list and choose one of theirs."""
    desk.page.get_by_role("button", name="筛选").click()
    follow(desk, desk.page.locator("#changelist-filter").get_by_role("link", name=choice, exact=True))
