"""Each role's five most common tasks are done in a browser by that role, at both widths."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from shop.settings.roles import ROLES
from tests.browser.tasks import TASKS

FOLDER = Path(settings.BASE_DIR) / "tests" / "browser"
PER_ROLE = 5
TOLD = [(role, task, *where) for role, tasks in TASKS.items() for task, where in tasks.items()]


def test_every_role_of_the_console_has_its_tasks():
    # The staff of a store works on a page of its own.
    assert set(TASKS) == {role.account for role in ROLES} - {"store"}
    assert {role: len(tasks) for role, tasks in TASKS.items()} == dict.fromkeys(TASKS, PER_ROLE)
    assert len({(role, *where) for role, _task, *where in TOLD}) == len(TOLD)


@pytest.mark.parametrize(("role", "task", "file", "name"), TOLD)
def test_a_task_is_done_by_the_role_itself_at_both_widths(role, task, file, name):
    module = ast.parse((FOLDER / file).read_text())
    [test] = [each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == name]
    assert seats(test) & {role, "role"}, "somebody else does it"
    takes_width = "width" in {argument.arg for argument in test.args.args}
    assert takes_width or 390 in {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}


def seats(test: ast.FunctionDef) -> set[str]:
    """Who is seated in the test, by account, or `role` where it is a parameter."""
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call)]
    who = [call.args[0] for call in calls if getattr(call.func, "id", "") == "desk_of" and call.args]
    return {str(getattr(each, "value", getattr(each, "id", ""))) for each in who}
