"""The merchant's guide: every page can be read in the console, its pictures are there, and each says who shot it."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from shop.core.guide import FOLDER, INDEX, PAGE_OF, PICTURES, rendered
from shop.core.models import StaffUser
from shop.settings.guide import GUIDE
from tests.browser.desk import LARGEST_PICTURE

PROJECT = Path(settings.BASE_DIR)
PAGES = sorted(path.stem for path in FOLDER.glob("*.md"))
TABLE = re.compile(r"^\| `([\w-]+)\.png` \| `(\w+\.py)::(\w+)` \|$", re.M)


@pytest.fixture
def reader(db):
    client = Client(headers={"Accept-Language": "zh-hans"})
    client.force_login(StaffUser.objects.create_user("mei", password="x", is_staff=True))
    return client


def shots() -> dict[str, set[tuple[str, str]]]:
    """By picture the tests that shoot it: `desk.picture("…")`, or a name out of a tuple of names."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path in (PROJECT / "tests" / "browser").glob("test_*.py"):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef):
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                asked = [node for node in calls if getattr(node.func, "attr", "") == "picture"]
                for call in asked:
                    [name] = call.args
                    names = [name.value] if isinstance(name, ast.Constant) else _names_in(function)
                    for each in names:
                        found[each].add((path.name, function.name))
    return found


def _names_in(function: ast.FunctionDef) -> list[str]:
    tuples = [node for node in ast.walk(function) if isinstance(node, ast.Tuple)]
    texts = [[each.value for each in node.elts if isinstance(each, ast.Constant)] for node in tuples]
    return [text for group in texts for text in group if (PICTURES / f"{text}.png").exists()]


def pictures_in(path: Path) -> set[str]:
    return set(re.findall(r"img/([\w-]+)\.png", path.read_text()))


def test_the_table_of_pictures_says_who_shoots_each():
    told = {(name, test_file, test) for name, test_file, test in TABLE.findall((PICTURES / "README.md").read_text())}
    shot = {(name, *who) for name, those in shots().items() for who in those if (PICTURES / f"{name}.png").exists()}
    assert told == shot
    assert {name for name, *_ in told} == {path.stem for path in PICTURES.glob("*.png")}


def test_pictures_that_pages_show_are_there_and_small():
    pages = [PROJECT / "README.md", PROJECT / "README.zh-CN.md", *(PROJECT / "docs").rglob("*.md")]
    shown = {name for page in pages for name in pictures_in(page)}
    assert {name for name in shown if not (PICTURES / f"{name}.png").exists()} == set()
    assert [path.name for path in PICTURES.glob("*.png") if path.stat().st_size > LARGEST_PICTURE] == []


def test_the_index_leads_to_ten_jobs():
    linked = re.findall(r"\]\(([\w-]+)\.md\)", (FOLDER / f"{INDEX}.md").read_text())
    assert sorted(linked) == sorted(set(PAGES) - {INDEX}) == sorted(GUIDE)
    assert len(linked) == 10


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_read_in_the_console_without_leftovers_of_its_markup(reader, page):
    answer = reader.get(f"/admin/guide/{page}/")
    assert answer.status_code == 200
    text = rendered((FOLDER / f"{page}.md").read_text())
    assert text.count("<h1>") == 1
    assert not re.search(r"\*\*|`|\]\(|^#|^- |^\d+\. ", re.sub(r"<[^>]+>", "\n", text), re.M)
    for target in re.findall(r'(?:href|src)="(/admin/guide/[^"]+)"', text):
        assert reader.get(target).status_code == 200, target


def test_what_is_written_is_text_and_never_markup():
    assert rendered("# <script>\n\n- **<b>**") == (
        "<h1>&lt;script&gt;</h1>\n<ul><li><strong>&lt;b&gt;</strong></li></ul>"
    )


@pytest.mark.parametrize("path", ["/admin/guide/nothing/", "/admin/guide/img/nothing.png"])
def test_there_is_nothing_else(reader, path):
    assert reader.get(path).status_code == 404


def test_only_staff_read_it(client, db):
    assert client.get("/admin/guide/").status_code == 302


def test_screens_that_the_guide_is_about_exist_and_lead_to_it(reader):
    known = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert set(PAGE_OF) <= known
    boss = Client()
    boss.force_login(StaffUser.objects.create_superuser("boss", password="x"))
    for screen, page in PAGE_OF.items():
        told = boss.get(reverse(f"admin:{screen}_changelist"), follow=True).content.decode()
        assert f'href="/admin/guide/{page}/"' in told, screen
