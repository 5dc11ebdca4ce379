"""The committed contract is the one that the code serves."""

from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

COMMITTED = Path(settings.BASE_DIR, "openapi.yaml")


@pytest.fixture(scope="module")
def generated():
    GENERATOR_STATS.reset()
    # The contract is in English whatever catalogues are compiled here.
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(request=None, public=True)
    warnings = [
        str(message) for cache in (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache) for message in cache
    ]
    assert warnings == []
    return schema


def test_the_schema_is_valid(generated):
    validate_schema(generated)
    assert generated["openapi"].startswith("3.")


def test_openapi_yaml_is_up_to_date(generated):
    text = OpenApiYamlRenderer().render(generated, renderer_context={}).decode()
    assert yaml.safe_load(COMMITTED.read_text(encoding="utf-8")) == yaml.safe_load(text), (
        "run: python manage.py spectacular --lang en --file openapi.yaml"
    )


def test_every_operation_documents_its_errors(generated):
    bare = [
        f"{method.upper()} {path}"
        for path, operations in generated["paths"].items()
        for method, operation in operations.items()
        if method != "parameters" and not any(status.startswith("4") for status in operation["responses"])
    ]
    assert bare == []
