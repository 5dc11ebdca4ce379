"""A member of staff at the console: a browser page that remembers every error that it reports."""

import os
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import axe_playwright_python
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from shop.embedded.programs import PROJECT
from tests.browser.demo import Shop

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
PICTURES = PROJECT / "docs" / "img"
LARGEST_PICTURE = 150_000
# Contrast costs more than all other rules together, row by row: of a long list it is held for the first rows.
LOOK = """async () => {
    const rules = {runOnly: ['wcag2a', 'wcag2aa'], resultTypes: ['violations']};
    const later = '#result_list tbody:nth-of-type(n+13)';
    const found = !document.querySelector(later) ? [await axe.run(document, rules)] : [
        await axe.run(document, {...rules, rules: {'color-contrast': {enabled: false}}}),
        await axe.run({exclude: [later]}, {...rules, runOnly: ['color-contrast']}),
    ];
    return found.flatMap((each) => each.violations);
}"""
IDLE = "() => new Promise((done) => requestIdleCallback(() => done(), {timeout: 2000}))"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Desk:
    shop: Shop
    page: Page
    errors: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, shop: Shop, context: BrowserContext) -> "Desk":
        desk = cls(shop, context.new_page())
        desk.page.on("console", desk.hear)
        desk.page.on("pageerror", lambda error: desk.errors.append(str(error)))
        return desk

    def hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(f"{said.text} {said.location['url']}")

    def expect_error(self, part: str) -> None:
        """An error that holds `part` is what this desk is there to see."""
        self.expected.append(part)

    def unexpected(self) -> list[str]:
        return [error for error in self.errors if not any(part in error for part in self.expected)]

    def sign_in(self, account: str) -> None:
        self.open("/admin/")
        self.page.locator("[name=username]").fill(account)
        self.page.locator("[name=password]").fill(self.shop.password)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.locator("#home")).to_be_visible()

    def open(self, path: str) -> int:
        answer = self.page.goto(self.shop.url + path)
        assert answer is not None
        self.page.wait_for_load_state("networkidle")
        return answer.status

    def pass_by(self, path: str) -> int:
        """Open a page without waiting for what it may still ask the server for."""
        answer = self.page.goto(self.shop.url + path)
        assert answer is not None
        self.page.evaluate(IDLE)
        return answer.status

    def open_first(self, path: str) -> None:
        """Open the first row of a list."""
        self.open(path)
        with self.page.expect_navigation():
            self.page.locator("#result_list a[href*='/change/']").first.click()
        self.page.wait_for_load_state("networkidle")

    def run_action(self, label: str) -> None:
        self.page.locator("select[name=action]").select_option(label=label)
        self.page.get_by_role("button", name="执行").click()

    def reload_until(self, target: Locator, *, seconds: int = 120) -> None:
        """What is done in the background is seen after a while."""
        for _ in range(seconds):
            if target.count():
                return
            self.page.wait_for_timeout(1000)
            self.page.reload()
        raise AssertionError(f"{target} has not come")

    def message(self, text: str) -> Locator:
        return self.page.locator("#main").get_by_text(text)

    def overflow(self) -> int:
        return self.page.evaluate(OVERFLOW)

    def barriers(self) -> list[str]:
        """What axe calls serious or critical on the open page, each with its first place."""
        self.page.evaluate(AXE)
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:120]} ({len(each['nodes'])})"
            for each in self.page.evaluate(LOOK)
            if each["impact"] in ("serious", "critical")
        ]

    def tab_to(self, target: Locator, *, key: str = "Tab", most: int = 250) -> None:
        """Walk there with the Tab key alone; where it ends must be seen."""
        for _ in range(most):
            self.page.keyboard.press(key)
            if target.evaluate("element => element === document.activeElement"):
                shown = target.evaluate("element => getComputedStyle(element).outlineStyle")
                assert shown != "none", "the focus is not seen"
                return
        raise AssertionError(f"{target} is out of reach of the keyboard")

    def tab_to_action(self, label: str) -> None:
        """Choose an action for the rows that are ticked, and run it: it stands before them."""
        chosen = self.page.locator("select[name=action]")
        self.tab_to(chosen, key="Shift+Tab")
        for _ in range(chosen.locator("option").count()):
            self.page.keyboard.press("ArrowDown")
            if chosen.evaluate("select => select.selectedOptions[0].label.trim()") == label:
                break
        self.tab_to(self.page.get_by_role("button", name="执行"))
        self.enter()

    def tab_to_deed(self, path: str) -> None:
        """What can be done with the object that is open; on a phone behind a button of its own."""
        self.skip_navigation()
        more = self.page.locator("#main a[href='#']:visible", has_text="more_horiz")
        if more.count():
            self.tab_to(more)
            self.page.keyboard.press("Enter")
        self.tab_to(self.page.locator(f"a[href$='/{path}/']:visible").first)
        self.enter()

    def enter(self, key: str = "Enter") -> None:
        """Press a key that leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def skip_navigation(self) -> None:
        """The first thing on a page is the way past its navigation."""
        self.page.keyboard.press("Tab")
        assert self.page.evaluate("document.activeElement.className") == "skip-link"
        self.page.keyboard.press("Enter")

    def picture(self, name: str) -> None:
        """Keep what is seen for the documentation, when SCREENSHOTS asks for it."""
        if not os.environ.get("SCREENSHOTS"):
            return
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(800)
        image = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        path = Path(PICTURES, f"{name}.png")
        PICTURES.mkdir(exist_ok=True)
        image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        assert path.stat().st_size < LARGEST_PICTURE, path
