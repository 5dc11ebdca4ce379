"""Goods are handed over at the counter: the code comes off the camera of a phone, or is typed, and counts once."""

import shutil
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ARGUMENTS, NAMES
from tests.browser.counter import Counter
from tests.browser.demo import Shop
from tests.browser.desk import Desk
from tests.browser.member import Member

pytestmark = pytest.mark.browser

PHONE = "13900007788"
WIDTH, HEIGHT, FRAMES = 640, 480, 5


def film(code: str, path: Path) -> Path:
    """What a camera sees that is held on the code: a film of grey frames."""
    matrix = list(segno.make_qr(code, error="m").matrix_iter(scale=8, border=4))
    left, top = (WIDTH - len(matrix[0])) // 2, (HEIGHT - len(matrix)) // 2
    picture = bytearray(b"\xeb" * WIDTH * HEIGHT)
    for y, row in enumerate(matrix):
        start = (top + y) * WIDTH + left
        picture[start : start + len(row)] = bytes(0x10 if dark else 0xEB for dark in row)
    frame = b"FRAME\n" + bytes(picture) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420jpeg\n".encode() + frame * FRAMES)
    return path


def phone_with_camera(chromium: Browser, shop: Shop, seen: Path) -> Counter:
    arguments = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={seen}",
    ]
    path = next(filter(None, map(shutil.which, NAMES)))
    browser = chromium.browser_type.launch(executable_path=path, args=arguments)
    context = browser.new_context(viewport={"width": 375, "height": 740}, locale="zh-CN")
    return Counter(Desk.at(shop, context))


@pytest.fixture(scope="module")
def member(shop: Shop) -> Member:
    return Member(shop, phone=PHONE)


@pytest.fixture
def waiting(shop: Shop, member: Member) -> dict[str, str]:
    """A member's order whose goods lie in the store where the clerk of the demo shop works."""
    return shop.run("leave_in_store", member=member.get("me")["id"])


def test_goods_are_handed_over_to_who_shows_the_code(desk_of, member, waiting):
    number, code = waiting["number"], waiting["code"]
    assert member.get(f"orders/{number}")["pickup"]["code"] == code

    counter = Counter(desk_of(None, width=375, height=740))
    counter.sign_in("store")
    counter.look("P-2222-2222-2222")
    expect(counter.page.locator("#message")).to_contain_text("此码无效")
    counter.page.context.set_offline(True)
    counter.page.locator("#next").click()
    counter.page.locator("[name=code]").fill(code)
    counter.page.locator("#typed button").click()
    expect(counter.page.locator("#offline")).to_be_visible()
    expect(counter.page.locator("#message")).to_contain_text("网络不通")
    counter.page.context.set_offline(False)
    counter.page.locator("#again").click()
    expect(counter.page.locator("#reference")).to_have_text(number)
    counter.desk.expect_error("ERR_INTERNET_DISCONNECTED")
    assert member.get(f"orders/{number}")["status"] == "delivered"
    counter.desk.picture("store")
    counter.page.locator("#confirm").click()
    expect(counter.page.locator("#headline")).to_have_text("请交付货品")
    assert member.get(f"orders/{number}")["status"] == "completed"

    counter.page.locator("#tab-today").click()
    expect(counter.page.locator("#history li").first).to_contain_text(number)
    counter.look(code.lower().replace("-", ""))
    expect(counter.page.locator("#message")).to_contain_text("此码已核销过")
    expect(counter.page.locator("#confirm")).to_be_hidden()
    assert counter.refusals == [404, 409]


def test_the_camera_reads_the_code(shop, chromium, waiting, tmp_path):
    counter = phone_with_camera(chromium, shop, film(waiting["code"], tmp_path / "code.y4m"))
    counter.sign_in("store")
    counter.page.locator("#open-camera").click()
    expect(counter.page.locator("#reference")).to_have_text(waiting["number"], timeout=20_000)
    expect(counter.page.locator("#goods li")).to_have_count(1)
    assert counter.desk.errors == []
    browser = counter.page.context.browser
    assert browser is not None
    browser.close()
