"""Whatever can be typed in or chosen in the admin has a name for those who hear the page instead of seeing it.

What scripts make of a page is held against axe in `tests/browser/test_screens.py`.
"""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin

from members.uploads.admin import thumbnail_tag
from shop.catalog.tests.factories import make_product
from tests.admin_addresses import addresses

pytestmark = pytest.mark.django_db
WITH_TABLES = {
    f"{model._meta.app_label}_{model._meta.model_name}_add"
    for model, screen in admin.site._registry.items()
    if screen.inlines
}
FORMS = {each.name: each.path for each in addresses() if each.name in WITH_TABLES}
SPEAKS_FOR_ITSELF = {"hidden", "submit", "button", "reset", "image"}


class Controls(HTMLParser):
    """What is typed in or chosen on a page, with its name: a label's words, or what is said of it alone."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.controls: list[dict[str, Any]] = []
        self.labels: dict[str, str] = {}
        self._label: str | None = None
        self._wrapped: list[dict[str, Any]] | None = None
        self._words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "label":
            self._label, self._wrapped, self._words = given.get("for"), [], ""
        elif tag in ("input", "select", "textarea") and given.get("type") not in SPEAKS_FOR_ITSELF:
            self.controls.append(given)
            if self._wrapped is not None:
                self._wrapped.append(given)

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag != "label" or self._wrapped is None:
            return
        words = " ".join(self._words.split())
        if self._label:
            self.labels[self._label] = words
        for each in self._wrapped:
            each.setdefault("aria-label", words)
        self._wrapped = None

    def names(self) -> dict[str, str]:
        return {each.get("id") or each.get("name") or str(each): self._name(each) for each in self.controls}

    def _name(self, given: dict[str, Any]) -> str:
        said = (
            given.get("aria-label"),
            self.labels.get(given.get("id", "")),
            given.get("title"),
            given.get("placeholder"),
        )
        return next(filter(None, said), "")


def names_of(answer: Any) -> dict[str, str]:
    return Controls(answer.content.decode()).names()


@pytest.mark.parametrize("name", FORMS)
def test_every_cell_of_a_new_form_has_a_name(admin_client, name):
    """Those of the row that is copied for each new one, too."""
    answer = admin_client.get(FORMS[name])
    if answer.status_code == 200:
        names = names_of(answer)
        assert names
        assert [where for where, name in names.items() if not name] == []


def test_a_cell_is_named_by_its_column_and_its_row(admin_client):
    names = names_of(admin_client.get("/admin/catalog/product/add/"))
    assert names["id_skus-0-price_fen"] == "价格，第 1 行"
    assert names["id_skus-__prefix__-is_active"] == "在售，第 2 行"
    assert names["id_name"] == "名称*"


def test_what_is_typed_in_a_list_is_named_by_its_column_and_its_row(admin_client):
    for name in ("龙井", "普洱"):
        make_product(name=name)
    names = names_of(admin_client.get("/admin/catalog/skustock/"))
    assert names["id_form-0-safety_stock"] == "安全库存，第 1 行"
    assert names["id_form-1-safety_stock"] == "安全库存，第 2 行"


def test_a_control_without_a_name_is_seen():
    bare = Controls('<label for="a">A <b>1</b></label><input id="a"><select id="b"></select><input type="hidden">')
    assert bare.names() == {"a": "A 1", "b": ""}


def test_a_picture_that_opens_a_larger_one_has_a_name():
    assert 'alt="李雷 &lt;b&gt; 的图片"' in thumbnail_tag("ab12", name="李雷 <b> 的图片")
