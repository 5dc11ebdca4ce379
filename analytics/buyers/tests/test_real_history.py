"""RFM, repurchase and cohorts of 6,919 real purchases, equal to what pandas makes of the same file."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from analytics.buyers import queries
from analytics.buyers.models import BuyerProfile, RepurchaseDay
from analytics.buyers.services import count_cohorts, count_products, score_members
from orders.imports.models import ImportedCustomer
from orders.imports.services import import_orders
from orders.imports.tests.cdnow import order_file, purchases
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
LAST = date(1998, 6, 30)


def fifths(values):
    """1 + floor(5 (rank − 1) / n), ties equal."""
    return 1 + (5 * (values.rank(method="min").astype(int) - 1)) // len(values)


def scores_by_pandas(frame):
    year = frame[frame["day"] > pd.Timestamp(LAST) - pd.Timedelta(days=365)]
    buyers = year.groupby("customer").agg(last=("day", "max"), orders=("day", "size"), fen=("fen", "sum"))
    scored = {"r": fifths(buyers["last"]), "f": fifths(buyers["orders"]), "m": fifths(buyers["fen"])}
    return {
        customer: (int(scored["r"][customer]), int(scored["f"][customer]), int(scored["m"][customer]))
        for customer in buyers.index
    }


def repurchase_by_pandas(frame, days):
    ordered = frame.sort_values(["customer", "day"], kind="stable")
    place = ordered.groupby("customer").cumcount()
    first = ordered[place == 0].set_index("customer")["day"]
    second = ordered[place == 1].set_index("customer")["day"].reindex(first.index)
    ripe = first <= pd.Timestamp(LAST + timedelta(days=1)) - pd.Timedelta(days=days)
    return int(ripe.sum()), int((ripe & (second < first + pd.Timedelta(days=days))).sum())


def cohorts_by_pandas(frame):
    month = frame["day"].dt.to_period("M")
    cohort = month.groupby(frame["customer"]).transform("min")
    later = (month.dt.year - cohort.dt.year) * 12 + month.dt.month - cohort.dt.month
    cells = frame.assign(cohort=cohort, later=later).groupby(["cohort", "later"])
    found = cells.agg(buyers=("customer", "nunique"), fen=("fen", "sum"))
    return {(key[0].to_timestamp().date(), int(key[1])): int(n) for key, n in found["buyers"].items()}, frame["fen"]


def test_scores_repurchase_and_cohorts_are_those_of_pandas(django_assert_max_num_queries):
    SkuFactory(code="CD", stock=0)
    rows = purchases()
    import_orders(file=order_file(rows), actor=Actor.system("import_orders"), now=NOW)
    frame = pd.DataFrame(rows)
    frame["day"] = pd.to_datetime(frame["day"])

    with django_assert_max_num_queries(15):
        score_members(day=LAST)
    number = dict(ImportedCustomer.objects.values_list("member_id", "number"))
    scored = BuyerProfile.objects.filter(recency__isnull=False)
    ours = {number[row.pk]: (row.recency, row.frequency, row.monetary) for row in scored}
    expected = scores_by_pandas(frame)
    assert len(expected) > 500
    assert ours == expected
    assert {score for each in ours.values() for score in each} == {1, 2, 3, 4, 5}

    kept = {row.window: (row.buyers, row.again) for row in RepurchaseDay.objects.filter(day=LAST)}
    assert {days: kept[days] for days in (30, 90, 365)} == {
        days: repurchase_by_pandas(frame, days) for days in (30, 90, 365)
    }
    assert kept[30][1] > 100

    count_cohorts()
    cells, fen = cohorts_by_pandas(frame)
    found = queries.cohorts()
    assert [cohort.month for cohort in found] == [date(1997, 3, 1), date(1997, 2, 1), date(1997, 1, 1)]
    assert {
        (cohort.month, months): buyers
        for cohort in found
        for months, buyers in enumerate([cohort.size, *cohort.returned])
        if buyers
    } == cells
    assert sum(cohort.net_fen for cohort in found) == fen.sum()

    count_products(day=LAST)
    [best] = queries.best_products(first=date(1997, 1, 1), last=LAST)
    assert (best.units, best.value_fen) == (frame["units"].sum(), frame["fen"].sum())
