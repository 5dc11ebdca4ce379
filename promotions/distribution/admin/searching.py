"""Rows of members are found by who they are, on every screen of this room alike."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from members.identity.phones import parse_phone
from shop.core.paginator import BoundedPaginator


class MemberSearchMixin:
    """`member_paths` lead to the members whose nickname, phone or invite code is searched; `number_path` to a number
    that is looked for as a whole.
    """

    member_paths: tuple[str, ...] = ("member",)
    number_path = ""
    paginator = BoundedPaginator
    show_full_result_count = False
    search_help_text = gettext_lazy("Start of a nickname, the whole phone, invite code or number")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"{path}__nickname" for path in self.member_paths]

    def by_number(self, term: str) -> Q:
        return Q(**{self.number_path: term}) if self.number_path else Q()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        phone = parse_phone(term)
        found = self.by_number(term)
        for path in self.member_paths:
            found |= Q(**{f"{path}__nickname__startswith": term}) | Q(**{f"{path}__invite_code": term.upper()})
            if phone is not None:
                found |= Q(**{f"{path}__phone": phone})
        return queryset.filter(found), False
