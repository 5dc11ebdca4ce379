"""Every lesson names a test that is there: one that was renamed or dropped takes its lesson along unseen otherwise."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def lessons() -> list[tuple[str, str]]:
    text = Path(settings.BASE_DIR, "docs", "lessons.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and "what went wrong" not in line]
    found = [NAMED.findall(row) for row in rows]
    assert all(len(each) == 1 for each in found), "a lesson names one test"
    return [each[0] for each in found]


@pytest.mark.parametrize(("path", "name"), lessons())
def test_the_test_of_a_lesson_is_there(path, name):
    tree = ast.parse(Path(settings.BASE_DIR, path).read_text())
    assert name in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
