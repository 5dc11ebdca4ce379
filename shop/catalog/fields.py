"""Columns of the catalogue."""

from collections.abc import Mapping
from typing import Any

from django.db import models


class OrderedMappingField(models.JSONField):
    """A mapping that keeps its order: jsonb sorts the keys of objects, so it is stored as pairs."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        stored = super().from_db_value(value, expression, connection)
        return dict(stored) if isinstance(stored, list) else stored

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        pairs = [list(pair) for pair in value.items()] if isinstance(value, Mapping) else value
        return super().get_db_prep_value(pairs, connection, prepared)
