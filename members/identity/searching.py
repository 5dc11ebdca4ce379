"""Members, and rows of members, are found by who they are: alike on every screen, each way by an index."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Right
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from members.identity.models import Member
from members.identity.phones import parse_phone
from shop.core.paginator import BoundedPaginator

PHONE_TAIL_DIGITS = 4


def members_found(members: QuerySet[Member], term: str) -> QuerySet[Member]:
    """By the last four digits of the phone or the whole of it, the start of the nickname, or the invite code."""
    if term.isdecimal() and len(term) == PHONE_TAIL_DIGITS:
        return members.annotate(tail=Right("phone", PHONE_TAIL_DIGITS)).filter(tail=term)
    phone = parse_phone(term)
    return members.filter(Q(phone=phone) if phone else Q(nickname__startswith=term) | Q(invite_code=term.upper()))


class FoundByMember:
    """For an admin of rows that belong to a member."""

    paginator = BoundedPaginator
    show_full_result_count = False
    search_help_text = gettext_lazy(
        "Start of the nickname, invite code, last four digits of the phone, or the whole number"
    )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("member__nickname",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(member__in=members_found(Member.objects.all(), term)) if term else queryset), False
