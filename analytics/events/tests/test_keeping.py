"""Partitions, server facts, what hangs on a member, the quarantine as staff see it, histories from files."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from analytics.events.dirty import FUNNEL, HEAT, TRAFFIC, mark_days, rebuild_dirty
from analytics.events.models import Batch, DirtyDay, Event, QuarantinedEvent, SessionClock
from analytics.events.preferences import KEEP_MONTHS
from analytics.events.services.keeping import forget_old
from analytics.events.services.partitions import drop_old, ensure_partitions, first_day_kept, make_ahead
from analytics.events.services.server_facts import record_waiting_orders
from analytics.events.tests.making import event, load, loaded, send, signed_in
from members.identity.rooms import erase_everything, export_everything, move_everything
from members.identity.tests.factories import MemberFactory
from orders.after_sales.tests.making import deliver_facts, paid, stocked
from orders.checkout.tests.making import buyer, ordered
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.preferences import set_preference

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def partitions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ '^events_event_[0-9]{8}$' AND relkind = 'r'")
        return {name for (name,) in cursor.fetchall()}


def dirty(kind):
    return set(DirtyDay.objects.filter(kind=kind).values_list("day", flat=True))


def test_days_are_made_ahead_and_dropped_when_their_time_is_over():
    make_ahead(now=NOW)
    assert {"events_event_20260430", "events_event_20260511"} <= partitions()
    assert make_ahead(now=NOW) == 0
    ensure_partitions([date(2025, 4, 3), date(2025, 4, 4)])
    assert first_day_kept(now=NOW) == date(2025, 4, 4)
    assert drop_old(now=NOW) == 1
    assert "events_event_20250403" not in partitions()
    assert "events_event_20250404" in partitions()


@pytest.mark.parametrize(
    ("today", "months", "first"),
    [
        ("2026-05-31", 3, date(2026, 2, 28)),
        ("2026-01-15", 13, date(2024, 12, 15)),
        ("2028-03-31", 1, date(2028, 2, 29)),
    ],
)
def test_months_have_their_own_lengths(today, months, first):
    set_preference(KEEP_MONTHS, months)
    assert first_day_kept(now=datetime.fromisoformat(f"{today}T04:00:00+00:00")) == first


def test_loading_marks_the_days_that_change(api):
    with clock.fixed(NOW):
        # 2026-05-04 00:10 in Shanghai, in a session that began the evening before.
        begun = datetime(2026, 5, 3, 15, 50, tzinfo=UTC)
        send(api, event(at=begun))
        load()
        DirtyDay.objects.all().delete()
        send(api, event("click", at=begun + timedelta(minutes=20)))
        load()
    assert dirty(TRAFFIC) == {date(2026, 5, 3), date(2026, 5, 4)}
    assert dirty(HEAT) == {date(2026, 5, 4)}
    assert dirty(FUNNEL) == {date(2026, 4, 27) + n * DAY for n in range(8)}


def test_what_came_before_marks_nothing(api):
    with clock.fixed(NOW):
        sent = event(at=NOW)
        send(api, sent)
        load()
        DirtyDay.objects.all().delete()
        send(api, sent)
        assert load() == {"moved": 0, "skipped": 1}
    assert not DirtyDay.objects.exists()


def test_orders_and_payments_are_told_by_the_shop_once():
    tea, cup = SkuFactory(price_fen=10_000, stock=5), SkuFactory(price_fen=700, stock=5)
    stocked(tea, cup)
    member = MemberFactory()
    order = paid(member, (tea, 2), (cup, 1))
    deliver_facts()
    expected = [
        ("order", tea.product_id, 20_000),
        ("order", cup.product_id, 700),
        ("paid", tea.product_id, 20_000),
        ("paid", cup.product_id, 700),
    ]
    rows = sorted(loaded(), key=lambda row: (row.name, -row.amount_fen))
    assert [(row.name, row.product_id, row.amount_fen) for row in rows] == expected
    assert {(row.member_id, row.order_number, row.visitor_id) for row in rows} == {(member.pk, order.number, "")}
    assert record_waiting_orders(now=clock.now()) == 0


def test_an_order_that_waits_is_told_before_it_is_paid():
    tea = SkuFactory(stock=5)
    order = ordered(buyer(MemberFactory()), (tea, 1))
    assert record_waiting_orders(now=clock.now()) == 1
    [row] = loaded()
    assert (row.name, row.order_number) == ("order", order.number)
    assert record_waiting_orders(now=clock.now()) == 0


def test_a_members_events_move_and_are_erased_and_exported(api, member, member_client):
    other = MemberFactory()
    with clock.fixed(NOW):
        send(api, event(at=NOW - DAY))
        send(member_client, event(at=NOW), event("fly", at=NOW))
        send(signed_in(other), event(at=NOW, visitor_id="ben"))
        load()
        send(member_client, event("click", at=NOW))
    exported = export_everything(member_id=member.pk)["analytics"]
    assert [row["name"] for row in exported["events"]] == ["page_view"]

    target = MemberFactory()
    move_everything(source_id=member.pk, target_id=target.pk, now=NOW)
    assert list(Batch.objects.values_list("member_id", flat=True)) == [target.pk]
    load()
    assert Event.objects.filter(member_id=target.pk).count() == 2
    DirtyDay.objects.all().delete()

    with clock.fixed(NOW):
        send(signed_in(target), event("search", at=NOW))
    erase_everything(member_id=target.pk, now=NOW)
    # The day before they had signed in, on a device that was nobody else's.
    assert [(row.visitor_id, row.member_id) for row in loaded()] == [("ben", other.pk)]
    assert not QuarantinedEvent.objects.exists()
    assert {date(2026, 5, 3), date(2026, 5, 4)} <= dirty(TRAFFIC)


def test_control_a_device_of_two_members_is_nobodys(api, member, member_client):
    with clock.fixed(NOW):
        send(api, event(at=NOW))
        send(member_client, event(at=NOW))
        send(signed_in(MemberFactory()), event(at=NOW))
        load()
    erase_everything(member_id=member.pk, now=NOW)
    assert len(loaded()) == 2


def test_old_clocks_and_old_refusals_are_forgotten(api):
    with clock.fixed(NOW):
        send(api, event(at=NOW), event("fly", at=NOW))
    assert forget_old(now=NOW + timedelta(days=7)) == 0
    assert forget_old(now=NOW + timedelta(days=8)) == 1
    assert not SessionClock.objects.exists()
    assert forget_old(now=NOW + timedelta(days=31)) == 1
    assert not QuarantinedEvent.objects.exists()


def test_staff_see_what_was_refused_and_why(api, admin_client):
    with clock.fixed(NOW):
        send(api, event("fly", at=NOW), event(at=NOW - 80 * timedelta(hours=1)))
    page = admin_client.get(reverse("admin:events_quarantinedevent_changelist") + "?reason=unknown_name")
    assert page.status_code == 200
    assert "&quot;fly&quot;" in page.content.decode()
    assert page.content.decode().count("80e") == 0
    one = QuarantinedEvent.objects.get(reason="event_too_old")
    assert admin_client.get(reverse("admin:events_quarantinedevent_change", args=[one.pk])).status_code == 200


FILE = """id,name,at,visitor_id,session_id,page,product_id,order_number,amount_fen,member_id,seq
1,page_view,2026-05-01T10:00:00+08:00,v1,s1,/home,,,,,
2,click,2026-05-01 10:00:05,v1,s1,/home,7,,,,3
3,paid,2026-05-01T10:05:00+08:00,,,,7,N1,900,12,
"""


def written(tmp_path, text):
    path = tmp_path / "events.csv"
    path.write_text(text)
    return path


def test_a_history_comes_from_a_file_once(tmp_path):
    path, out = written(tmp_path, FILE.replace("+08:00,,,,7,N1", "+08:00,v1,s1,,7,N1")), StringIO()
    with clock.fixed(NOW):
        call_command("import_events", path, stdout=out)
        call_command("import_events", path, stdout=out)
    assert out.getvalue().splitlines() == [
        "imported 3 rows: 3 new, 0 known before",
        "imported 3 rows: 0 new, 3 known before",
    ]
    first, second, third = Event.objects.order_by("at")
    assert (first.at, first.page) == (datetime(2026, 5, 1, 2, tzinfo=UTC), "/home")
    assert (second.at, second.product_id, second.sequence) == (datetime(2026, 5, 1, 2, 0, 5, tzinfo=UTC), 7, 3)
    assert (third.name, third.order_number, third.amount_fen, third.member_id) == ("paid", "N1", 900, 12)


def test_a_file_with_problems_is_imported_not_at_all(tmp_path):
    rows = "\n".join(
        ["4,fly,2026-05-01T10:00:00+08:00,v1", "5,click,yesterday,v1", "6,click,2024-05-01,v1", ",click,,"]
    )
    path, err = written(tmp_path, f"id,name,at,visitor_id\n1,click,2026-05-01T10:00:00+08:00,v1\n{rows}\n"), StringIO()
    with clock.fixed(NOW), pytest.raises(CommandError, match="4 problems; nothing was imported"):
        call_command("import_events", path, stderr=err)
    assert [line.split(":")[0] for line in err.getvalue().splitlines()] == ["3", "4", "5", "6"]
    assert "no event is called fly" in err.getvalue()
    assert not Batch.objects.exists()


def test_a_file_with_other_columns_is_refused(tmp_path):
    path, err = written(tmp_path, "id,name,at,who\n"), StringIO()
    with pytest.raises(CommandError, match="2 problems"):
        call_command("import_events", path, stderr=err)
    assert err.getvalue().splitlines() == ["1: column visitor_id is missing", "1: column who is not known"]


def test_a_day_whose_events_are_dropped_keeps_what_was_counted(api):
    counted = []
    ensure_partitions([date(2026, 5, 4)])
    mark_days([date(2026, 5, 4), date(2019, 5, 4)], kinds=[TRAFFIC])
    assert rebuild_dirty(kinds={TRAFFIC: counted.append}, seconds=60) == 1
    assert counted == [date(2026, 5, 4)]
    assert not DirtyDay.objects.exists()


def test_a_batch_that_the_database_cannot_take_holds_up_no_other(api, admin_client):
    with clock.fixed(NOW):
        for n in range(3):
            send(api, event(at=NOW, page=f"/{n}"))
        middle = Batch.objects.order_by("pk")[1]
        Batch.objects.filter(pk=middle.pk).update(lines=middle.lines.replace("/1", "/1\n"))
        assert load() == {"moved": 2, "skipped": 0}
        assert load() == {"moved": 0, "skipped": 0}
    assert set(Event.objects.values_list("page", flat=True)) == {"/0", "/2"}
    kept = QuarantinedEvent.objects.filter(reason="not_loaded").order_by("pk")
    assert [row.received_at for row in kept] == [NOW] * 2
    assert "anna" in kept[0].event
    page = admin_client.get(reverse("admin:events_quarantinedevent_changelist") + "?reason=not_loaded")
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("number", "amount"), [("N" * 41, "1"), ("N1", str(2**63)), ("N1", f"-{2**63}")], ids=["long", "much", "little"]
)
def test_a_file_brings_nothing_that_the_table_cannot_hold(tmp_path, number, amount):
    text = f"id,name,at,visitor_id,order_number,amount_fen\n1,paid,2026-05-01T10:00:00,v1,{number},{amount}\n"
    err = StringIO()
    with clock.fixed(NOW), pytest.raises(CommandError, match="1 problems"):
        call_command("import_events", written(tmp_path, text), stderr=err)
    assert any(name in err.getvalue() for name in ("$.order_number", "$.amount_fen"))


def test_backslashes_of_a_file_are_no_signs_of_copy(tmp_path):
    text = "id,name,at,visitor_id,order_number\n1,paid,2026-05-01T10:00:00,v\\N,\\N\n"
    with clock.fixed(NOW):
        call_command("import_events", written(tmp_path, text), stdout=StringIO())
    assert list(Event.objects.values_list("visitor_id", "order_number")) == [("v\\N", "\\N")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("id,name,at,visitor_id\n1,click,2026-05-01,门店\n".encode("gbk"), "1"),
        (b"id,name,at,visitor_id\n" + b"x" * 200_000 + b"\n", "2"),
        (b"id,name,at,visitor_id\n1,click,0001-01-01T00:00:00+14:00,v1\n", "2"),
    ],
    ids=["gbk", "endless cell", "the year one"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path, content, line):
    path, err = tmp_path / "events.csv", StringIO()
    path.write_bytes(content)
    with clock.fixed(NOW), pytest.raises(CommandError, match="nothing was imported"):
        call_command("import_events", path, stderr=err)
    assert err.getvalue().split(":")[0] == line
    assert not Batch.objects.exists()
