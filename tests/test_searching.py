"""Lists of what grows with the trade: each search rides an index of its own, and counting has a bound."""

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Field, Model
from django.test.utils import CaptureQueriesContext

from members.identity.models import Member
from members.identity.searching import FoundByMember, members_found
from shop.core.admin import ReadOnlyAdmin
from shop.core.paginator import BoundedPaginator
from shop.core.searching import FoundByKeys

SCREENS = list(admin.site._registry.items())
KEYS = sorted(
    (model._meta.label, key)
    for model, screen in SCREENS
    if isinstance(screen, FoundByKeys)
    for key in screen.search_keys
)
BY_LABEL = {model._meta.label: model for model, _screen in SCREENS}
GROWING = (
    "checkout.Order",
    "payments.Payment",
    "payments.Refund",
    "shipments.Shipment",
    "allocation.Allocation",
    "allocation.FulfilmentRequest",
    "after_sales.AfterSale",
    "invoices.Invoice",
    "identity.Member",
    "tiers.MemberTier",
    "ledger.PointAccount",
    "ledger.PointTransaction",
)


def column_of(model: type[Model], path: str) -> Field:
    """The column at the end of a path of fields and relations."""
    *relations, last = path.split("__")
    for name in relations:
        model = model._meta.get_field(name).related_model
    return model._meta.pk if last == "pk" else model._meta.get_field(last)


def is_indexed(field: Field) -> bool:
    """Whether an index begins with it."""
    meta = field.model._meta
    first = [index.fields[0] for index in meta.indexes if index.fields]
    first += [constraint.fields[0] for constraint in meta.constraints if getattr(constraint, "fields", ())]
    return field.unique or field.db_index or field.primary_key or field.name in first


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_what_is_searched_begins_an_index(label, key):
    assert is_indexed(column_of(BY_LABEL[label], key))


def test_a_column_without_an_index_would_be_noticed():
    assert not is_indexed(Member._meta.get_field("avatar_url"))


def test_relations_on_the_way_to_a_key_are_indexed_too():
    """A payment is found by the number of its order: from the order to its payments there is an index as well."""
    bare = []
    for label, key in KEYS:
        model = BY_LABEL[label]
        for name in key.split("__")[:-1]:
            relation = model._meta.get_field(name)
            if relation.concrete and not is_indexed(relation):
                bare.append(f"{label}.{name}")
            model = relation.related_model
    assert bare == []


@pytest.mark.parametrize("label", GROWING)
def test_counting_stops_at_a_bound(label):
    screen = admin.site._registry[BY_LABEL[label]]
    assert (screen.paginator, screen.show_full_result_count) == (BoundedPaginator, False)
    # Years and months above a list are counted over all of its rows.
    assert screen.date_hierarchy is None


def test_every_list_that_services_write_counts_within_a_bound():
    unbounded = [
        model._meta.label
        for model, screen in SCREENS
        if isinstance(screen, ReadOnlyAdmin) and screen.paginator is not BoundedPaginator
    ]
    assert unbounded == []


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["0777", "13800000777", "李雷", "NOBODY0001"])
def test_each_way_to_a_member_has_an_index_that_postgres_uses(term):
    with connection.cursor() as cursor:
        # A table of a few rows would be read whole: what is asked here is whether it must be.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        sql, values = members_found(Member.objects.order_by(), term).values("pk").query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "Index Cond" in plan
    assert "Seq Scan" not in plan


@pytest.mark.django_db
def test_a_key_is_looked_up_in_one_query_each_as_typed_and_in_capitals():
    screen = next(each for _model, each in SCREENS if isinstance(each, FoundByKeys) and len(each.search_keys) == 3)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert screen.found(screen.model._default_manager.all(), "d2611a") == set()
    assert len(asked) == 3
    assert all("d2611a" in query["sql"] and "D2611A" in query["sql"] for query in asked.captured_queries)


def test_rows_of_members_are_found_alike():
    ways = {screen.search_help_text for _model, screen in SCREENS if isinstance(screen, FoundByMember)}
    assert FoundByMember.search_help_text in ways
