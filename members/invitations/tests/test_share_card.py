"""The share card, read back the way a phone reads it."""

from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from django.core.cache import cache
from django.core.files.base import ContentFile
from PIL import Image, ImageFont

from members.identity import wechat
from members.identity.tests.factories import MemberFactory, client_for
from members.invitations import card as cards
from members.invitations import sharing
from members.invitations.codes import SCENE_LENGTH, scene
from shop.catalog.tests.factories import CollectionFactory, make_product
from shop.core import clock

pytestmark = pytest.mark.django_db

CARD = "/api/v1/me/share-card"


@pytest.fixture(autouse=True)
def _nothing_kept(settings):
    settings.WECHAT_APP_ID = ""
    settings.FRONT_URL = "https://mall.example"
    yield
    cache.clear()


@pytest.fixture
def product(db):
    product = make_product(prices=(12800,), name="西湖龙井 明前特级 2026 新茶 250 克礼盒装", on_shelf=True)
    picture = BytesIO()
    Image.new("RGB", (900, 700), "#3f6212").save(picture, "JPEG")
    product.images.create(image=ContentFile(picture.getvalue(), "tea.jpg"), thumbnail="t.jpg")
    return product


def read(answer):
    """The text of the one code on the card."""
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png"), answer.content[:200]
    found = zxingcpp.read_barcodes(Image.open(BytesIO(answer.content)))
    return [each.text for each in found]


def test_the_code_of_a_product_card_leads_to_the_link(member, member_client, product):
    answer = member_client.get(CARD, {"target": f"product-{product.pk}"})
    assert read(answer) == [f"https://mall.example/?invite={member.invite_code}&target=product-{product.pk}"]
    picture = Image.open(BytesIO(answer.content))
    assert picture.width == 600
    red, green, blue = picture.convert("RGB").getpixel((300, 200))
    assert green > red > blue


def test_the_card_of_the_shop_and_of_a_campaign(member, member_client):
    assert read(member_client.get(CARD)) == [f"https://mall.example/?invite={member.invite_code}"]
    festival = CollectionFactory(is_active=True)
    answer = member_client.get(CARD, {"target": f"collection-{festival.pk}"})
    assert read(answer)[0].endswith(f"target=collection-{festival.pk}")


def test_in_the_mini_program_it_is_wechats_own_code(member, member_client, sandbox, product):
    answer = member_client.get(CARD, {"target": f"product-{product.pk}"})
    assert read(answer) == [f"pages/index/index?scene={member.invite_code}.product-{product.pk}"]


def test_while_wechat_is_away_the_link_stands_in_and_is_not_kept(member, member_client, sandbox):
    sandbox.fault("wechat_code", "500", times=1)
    assert read(member_client.get(CARD)) == [f"https://mall.example/?invite={member.invite_code}"]
    assert read(member_client.get(CARD)) == [f"pages/index/index?scene={member.invite_code}"]


def test_a_token_that_wechat_refuses_is_replaced(sandbox, settings):
    cache.set(f"wechat:access-token:{settings.WECHAT_APP_ID}", "outdated", 600)
    assert wechat.unlimited_code(scene="ABC", page="pages/index/index").startswith(b"\x89PNG")


def test_the_longest_scene_fits(member):
    assert len(scene(invite_code="A" * 10, target="collection-999999999")) <= SCENE_LENGTH


@pytest.mark.parametrize(
    "target", ["product-0", "product-999999", "coupon-1", "product", "product-1; drop", "-", "产品-1"]
)
def test_what_is_not_there_cannot_be_shared(member_client, target):
    answer = member_client.get(CARD, {"target": target}, HTTP_ACCEPT="image/*")
    assert (answer.status_code, answer.json()["code"]) == (404, "share_target_not_found")


def test_what_is_off_the_shelf_cannot_be_shared(member_client, product):
    product.on_shelf = False
    product.save()
    assert member_client.get(CARD, {"target": f"product-{product.pk}"}).status_code == 404
    over = CollectionFactory(is_active=True, ends_at=clock.now() - timedelta(seconds=1))
    assert member_client.get(CARD, {"target": f"collection-{over.pk}"}).status_code == 404


def test_a_card_that_the_front_has_is_not_drawn_again(member_client, product, monkeypatch):
    drawn, draw = [], cards.draw_card

    def counted(*args, **more):
        drawn.append(1)
        return draw(*args, **more)

    monkeypatch.setattr(sharing, "draw_card", counted)
    target = {"target": f"product-{product.pk}"}
    first = member_client.get(CARD, target)
    assert member_client.get(CARD, target).content == first.content
    kept = member_client.get(CARD, target, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (kept.status_code, kept.content, len(drawn)) == (304, b"", 1)
    product.name = "碧螺春"
    product.save()
    changed = member_client.get(CARD, target, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (changed.status_code, len(drawn)) == (200, 2)
    assert changed["ETag"] != first["ETag"]


def test_everybody_has_a_card_of_their_own(member_client, product):
    target = {"target": f"product-{product.pk}"}
    other = client_for(MemberFactory())
    assert read(member_client.get(CARD, target)) != read(other.get(CARD, target))


def test_a_picture_that_is_gone_is_left_out(member_client, product):
    product.images.get().image.storage.delete(product.images.get().image.name)
    assert len(read(member_client.get(CARD, {"target": f"product-{product.pk}"}))) == 1


def test_long_titles_are_folded_and_cut():
    font: ImageFont.FreeTypeFont = cards._font(34, 700)
    lines = cards.fold("西湖龙井明前特级" * 8, font, room=528, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(font.getlength(line) <= 528 for line in lines)
    words = "Lantern Festival tea tasting evening"
    folded = cards.fold(words, font, room=300, lines=4)
    assert len(folded) > 1
    assert " ".join(folded) == words
    assert cards.fold("", font, room=400, lines=2) == []


def test_chinese_is_drawn_with_real_glyphs():
    font = cards._font(34, 400)
    shapes = {bytes(font.getmask(character)) for character in "西湖龙井明前特级邀请你"}
    assert len(shapes) == 11
