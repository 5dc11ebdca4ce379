"""Every screen on a laptop and on a phone: it opens, nothing sticks out of it, and axe finds no barrier.

Of each list also the form of its first row and that of a new one.
"""

import pytest

from shop.settings.navigation import NAVIGATION
from tests.browser.desk import Desk

pytestmark = pytest.mark.browser

WIDTHS = {"laptop": (1366, 900), "phone": (390, 844)}
SCREENS = [str(item["link"]) for group in NAVIGATION for item in group["items"]]
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
        got = (desk.open(path), desk.overflow(), desk.barriers())
        if got != (200, 0, []):
            unfit[path] = got

    for screen in CHUNKS[first]:
        look(screen)
        for form in _forms_of(desk, screen):
            look(form)
    assert unfit == {}


def _forms_of(desk: Desk, screen: str) -> list[str]:
    """The form of the list's first row and that of a new one, where they are here."""
    found = (desk.page.locator(f"a[href^='{screen}']{rest}") for rest in ("[href*='/change/']", "[href*='/add/']"))
    return [links.first.get_attribute("href") or "" for links in found if links.count()]
