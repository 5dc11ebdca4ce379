"""Both languages are complete: the catalogue, and what the console shows to a Chinese reader."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import gettext, ngettext, override

from shop.catalog.product_files.columns import COLUMNS
from shop.core.management.commands.messages import extract_messages, faults, merged, rendered
from shop.settings.navigation import NAVIGATION

CATALOGUE = Path(settings.BASE_DIR, "locale", "zh_Hans", "LC_MESSAGES", "django.po")
# What members are told and their tiers are called is data in both languages, shown side by side where it is edited.
BOTH_LANGUAGES = ("/admin/notifications/notificationtemplate/", "/admin/tiers/tier/")
SCREENS = [str(item["link"]) for group in NAVIGATION for item in group["items"] if item["link"] not in BOTH_LANGUAGES]
ADDED = ["catalog_product", "catalog_category", "catalog_brand", "catalog_collection", "catalog_productimport"]
ADDED += ["network_warehouse", "network_store", "carriers_carrier", "freight_freighttemplate", "core_staffuser"]
FORMS = [f"/admin/{model.replace('_', '/')}/add/" for model in [*ADDED, "auth_group"]]
WORK = ["receive", "count", "receive-file"]
PAGES = [*SCREENS, *FORMS, *(f"/admin/network/warehousestock/{work}/" for work in WORK), "/admin/password_change/"]


@pytest.fixture(scope="module")
def catalog():
    return read_po(CATALOGUE.open("rb"), locale="zh_Hans")


def test_every_message_has_its_chinese_with_the_same_placeholders(catalog):
    assert faults(merged(CATALOGUE, extract_messages(settings.BASE_DIR))) == []
    assert len(catalog) > 700


def test_the_catalogue_is_up_to_date_with_the_sources():
    text, _binary = rendered(merged(CATALOGUE, extract_messages(settings.BASE_DIR)))
    assert CATALOGUE.read_bytes() == text


@pytest.mark.parametrize(
    ("message", "chinese", "fault"),
    [
        ("Only {left} left.", "", "not translated: 'Only {left} left.'"),
        ("Only {left} left.", "仅剩 {rest} 件。", "other placeholders: 'Only {left} left.'"),
        ("At most %(amount)s.", "最多。", "other placeholders: 'At most %(amount)s.'"),
        (("{count} price", "{count} prices"), ("价格",), "other placeholders: '{count} price'"),
    ],
)
def test_a_planted_fault_is_found(message, chinese, fault):
    planted = Catalog(locale="zh_Hans")
    planted.add("Sold out.", "已售罄。")
    planted.add(message, chinese)
    assert faults(planted) == [fault]


def test_a_message_of_the_sources_that_the_catalogue_lacks_is_noticed(tmp_path):
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    po = folder / "django.po"
    po.write_bytes(CATALOGUE.read_bytes().replace(b'msgid "Sold out."', b'msgid "Gone."'))
    again = merged(po, extract_messages(settings.BASE_DIR))
    assert faults(again) == ["not translated: 'Sold out.'"]
    assert "Gone." not in again


def test_messages_of_libraries_are_kept_though_no_source_of_ours_has_them():
    kept = merged(CATALOGUE, Catalog())
    assert kept.get("Apply Filters").string == "应用筛选"
    assert kept.get("Sold out.") is None


def test_numbers_and_names_are_put_into_the_chinese():
    with override("zh-hans"):
        assert gettext("Only {left} left.").format(left=3) == "仅剩 3 件。"
        assert ngettext("{count} parcel was shipped.", "{count} parcels were shipped.", 2).format(count=2) == (
            "已发货 2 个包裹。"
        )
    with override("en"):
        assert gettext("Only {left} left.").format(left=3) == "Only 3 left."


class VisibleText(HTMLParser):
    """The pieces of text of a page, without scripts, styles and names of icons."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = 0
        self.icon = False
        self.pieces: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in {"script", "style", "template"}:
            self.hidden += 1
        self.icon = "material-symbols" in (values.get("class") or "")
        self.pieces += [values[name] for name in ("placeholder", "title", "aria-label", "alt") if values.get(name)]

    def handle_endtag(self, tag):
        if tag in {"script", "style", "template"}:
            self.hidden -= 1
        self.icon = False

    def handle_data(self, data):
        if not self.hidden and not self.icon:
            self.pieces.append(re.sub(r"\s+", " ", data).strip(" :*"))


def english_messages(catalog: Catalog) -> set[str]:
    """What would stand on a page if a translation were not used, apart from what is the same in Chinese."""

    def both(message) -> Iterator[tuple[str, str]]:
        if isinstance(message.id, str) and isinstance(message.string, str):
            yield message.id, message.string

    pairs = [pair for message in catalog if message.id for pair in both(message)]
    words = {english for english, chinese in pairs if english != chinese}
    return words | {word[:1].upper() + word[1:] for word in words}


def leftovers(page: str, english: set[str]) -> set[str]:
    reader = VisibleText()
    reader.feed(page)
    # The language switcher names each language in itself, and the import explains the English headings of its files.
    meant = {"English", *(column.key for column in COLUMNS)}
    return {piece for piece in reader.pieces if piece in english} - meant


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_reader_meets_no_english_of_ours(admin_client, catalog, page):
    shown = admin_client.get(page, headers={"accept-language": "zh-CN"})
    assert shown.status_code == 200
    assert leftovers(shown.content.decode(), english_messages(catalog)) == set()


@pytest.mark.django_db
def test_english_on_a_page_would_be_found(admin_client, catalog):
    shown = admin_client.get("/admin/catalog/product/", headers={"accept-language": "en"})
    assert {"Products", "Product import", "Type to search"} & leftovers(
        shown.content.decode(), english_messages(catalog)
    ) >= {"Products", "Product import"}


@pytest.mark.django_db
@pytest.mark.parametrize("screen", SCREENS)
def test_an_english_reader_meets_no_chinese_of_ours(admin_client, screen):
    reader = VisibleText()
    page = admin_client.get(screen, headers={"accept-language": "en"}).content.decode()
    # The guide is written in Chinese, and marked so.
    reader.feed(re.sub(r'<article id="guide" lang="zh-Hans">.*?</article>', "", page, flags=re.DOTALL))
    assert {piece for piece in reader.pieces if re.search("[\u4e00-\u9fff]", piece)} <= {"简体中文"}
