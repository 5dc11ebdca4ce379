"""The counter of a store: its page on a phone, with somebody of the staff."""

from dataclasses import dataclass, field

from playwright.sync_api import Page, Response, expect

from tests.browser.desk import Desk

PATH = "/store/"


@dataclass
class Counter:
    """What the API refuses is expected here, and no error of the page as it is elsewhere."""

    desk: Desk
    refusals: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", self._keep)

    @property
    def page(self) -> Page:
        return self.desk.page

    def sign_in(self, account: str) -> None:
        self.desk.open(PATH)
        self.page.locator("[name=username]").fill(account)
        self.page.locator("[name=password]").fill(self.desk.shop.password)
        self.page.locator("#sign-in button").click()
        expect(self.page.locator("#typed")).to_be_visible()

    def look(self, code: str) -> None:
        self.page.locator("#tab-scan").click()
        self.page.locator("[name=code]").fill(code)
        self.page.locator("#typed button").click()
        expect(self.page.locator("#card")).to_be_visible()
        assert self.desk.overflow() == 0

    def bill(self, yuan: str) -> None:
        self.page.locator("[name=bill]").fill(yuan)
        self.page.locator("#bill-form button").click()
        expect(self.page.locator("#busy")).to_be_hidden()

    def _keep(self, answer: Response) -> None:
        if answer.status < 400:
            return
        self.refusals.append(answer.status)
        self.desk.expect_error(f"status of {answer.status}")
