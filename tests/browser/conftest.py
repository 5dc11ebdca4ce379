"""One demo shop and one Chromium for all browser tests; each test has windows of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.demo import Shop, demo_shop
from tests.browser.desk import Desk

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    with demo_shop(size="full" if os.environ.get("SCREENSHOTS") else "small") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def desk_of(shop: Shop, chromium: Browser) -> Iterator[Callable[..., Desk]]:
    """Seat somebody at the console, signed in; whatever the browser complains of fails the test."""
    desks: list[Desk] = []

    def seat(
        account: str | None, *, language: str = "zh-CN", width: int = 1366, height: int = 900, session: Any = None
    ) -> Desk:
        """`session` is what another window kept of its own, when somebody has signed in there."""
        window: Any = {"width": width, "height": height}
        context = chromium.new_context(
            viewport=window, locale=language, timezone_id="Asia/Shanghai", storage_state=session
        )
        desks.append(Desk.at(shop, context))
        if account:
            desks[-1].sign_in(account)
        return desks[-1]

    yield seat
    for desk in desks:
        desk.page.context.close()
    assert [error for desk in desks for error in desk.unexpected()] == []


@pytest.fixture
def desk(desk_of: Callable[..., Desk]) -> Desk:
    """The owner, signed in."""
    return desk_of("owner")
