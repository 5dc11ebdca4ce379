"""The walls hold: imports and foreign keys point down, and a planted violation is caught."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from shop.core.errors import DomainError

LAYERS = ["shop", "members", "points", "promotions", "logistics", "orders", "analytics"]
ROOT = Path(settings.BASE_DIR)


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sysconfig.get_path("scripts")) / "lint-imports"
    return subprocess.run(
        [sys.executable, str(command), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied_project(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__", "tests", "migrations")
    for package in LAYERS:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down(copied_project):
    result = lint_imports(copied_project)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("shop/core/money.py", "import orders.checkout.models"),
        ("logistics/network/services.py", "import logistics.shipments.models"),
        ("orders/cart/models.py", "import shop.sandbox"),
        ("members/identity/models.py", "import points"),
    ],
)
def test_a_planted_import_upwards_is_caught(copied_project, room, line):
    planted = copied_project / room
    planted.write_text(planted.read_text() + f"\n{line}\n")
    result = lint_imports(copied_project)
    assert result.returncode == 1
    assert "BROKEN" in result.stdout


def layer_of(model):
    return LAYERS.index(model.__module__.split(".")[0])


def own_models():
    return [model for model in apps.get_models(include_auto_created=True) if model.__module__.split(".")[0] in LAYERS]


def test_foreign_keys_point_down():
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.concrete
        and field.is_relation
        and field.related_model.__module__.split(".")[0] in LAYERS
        and layer_of(field.related_model) > layer_of(model)
    ]
    assert upward == []


def test_error_codes_are_unique():
    def refusals(kind):
        for each in kind.__subclasses__():
            yield each
            yield from refusals(each)

    # One that says more of another refusal keeps its code.
    codes = [each.code for each in refusals(DomainError) if "code" in vars(each)]
    assert len(codes) == len(set(codes))
    assert "invalid_input" in codes
