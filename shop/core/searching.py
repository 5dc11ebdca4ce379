"""Searching lists of tables that grow with the trade: by keys that are indexed, each by itself."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from shop.core.paginator import BoundedPaginator

MOST_FOUND = 1_000


class FoundByKeys:
    """For an admin whose rows are found by a whole key: `search_keys` are paths to indexed columns.

    Each is looked up apart: one condition over several tables would have Postgres read them all.
    """

    search_keys: tuple[str, ...] = ()
    paginator = BoundedPaginator
    show_full_result_count = False

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.search_keys

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(pk__in=self.found(queryset, term)) if term else queryset), False

    def found(self, queryset: QuerySet[Any], term: str) -> set[Any]:
        """Primary keys of what has this key, as typed or in capitals."""
        rows, keys = queryset.model._default_manager, set[Any]()
        for path in self.search_keys:
            try:
                having = rows.filter(**{f"{path}__in": {term, term.upper()}})
            except (ValueError, ValidationError):
                continue  # not a key of this kind
            keys.update(having.values_list("pk", flat=True)[:MOST_FOUND])
        return keys
