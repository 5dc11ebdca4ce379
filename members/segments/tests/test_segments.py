"""Tags, segments and notes on a member's file."""

from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from members.segments import member_data, services
from members.segments.models import MemberNote, MemberTag, Segment, SegmentMembership, Tag
from members.segments.queries import audience, is_in_any
from members.segments.services import add_to_segment, refresh_segment, set_tags, write_note
from shop.core.actors import Actor
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
CLERK = Actor.staff("clerk")


@pytest.fixture
def vip(db):
    return Segment.objects.create(code="vip", name="高价值")


def refresh(*members, at=NOW, **more):
    return refresh_segment(code="vip", source="rfm", member_ids=(m.pk for m in members), now=at, **more)


def inside(segment, at):
    return set(audience(segment_ids=[segment.pk], now=at))


def test_a_computation_says_who_is_in_and_who_no_more(vip):
    stays, leaves, comes = MemberFactory.create_batch(3)
    assert refresh(stays, leaves) == (2, 0)
    assert refresh(stays, comes, at=NOW + DAY) == (2, 1)
    assert inside(vip, NOW + DAY) == {stays, comes}
    assert inside(vip, NOW + timedelta(hours=1)) == {stays, leaves}
    assert SegmentMembership.objects.get(member=stays).since == NOW
    vip.refresh_from_db()
    assert vip.refreshed_at == NOW + DAY


def test_who_comes_back_was_not_in_meanwhile(vip):
    member = MemberFactory()
    refresh(member)
    refresh(at=NOW + DAY)
    refresh(member, at=NOW + 2 * DAY)
    assert inside(vip, NOW + DAY) == set()
    assert inside(vip, NOW + 2 * DAY) == {member}


def test_a_window_is_half_open(vip):
    member = MemberFactory()
    refresh(member, until=NOW + DAY)
    assert inside(vip, NOW) == {member}
    assert inside(vip, NOW - timedelta(seconds=1)) == set()
    assert inside(vip, NOW + DAY) == set()


def test_a_computation_does_not_end_what_a_person_decided(vip):
    member = MemberFactory()
    add_to_segment(segment_id=vip.pk, member_id=member.pk, until=None, now=NOW)
    refresh(member, at=NOW + DAY)
    refresh(at=NOW + 2 * DAY)
    assert inside(vip, NOW + 3 * DAY) == {member}
    assert is_in_any(member_id=member.pk, segment_ids=[vip.pk], now=NOW + 3 * DAY)
    assert audience(segment_ids=[vip.pk], now=NOW + DAY).count() == 1


def test_an_audience_leaves_out_who_is_excluded_or_not_active(vip, django_assert_num_queries):
    asleep = Segment.objects.create(code="asleep", name="沉睡")
    member, sleeper, blocked = MemberFactory(), MemberFactory(), MemberFactory(status="blocked")
    refresh(member, sleeper, blocked)
    add_to_segment(segment_id=asleep.pk, member_id=sleeper.pk, until=None, now=NOW)
    with django_assert_num_queries(1):
        found = set(audience(segment_ids=[vip.pk], without_segment_ids=[asleep.pk], now=NOW))
    assert found == {member}
    assert not is_in_any(member_id=member.pk, segment_ids=[asleep.pk], now=NOW)


def test_many_members_are_refreshed_in_batches(vip, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(services, "BATCH", 10)
    members = MemberFactory.create_batch(25)
    with django_assert_max_num_queries(12):
        assert refresh(*members, *members[:3]) == (28, 0)
    assert inside(vip, NOW) == set(members)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_of_refreshes_at_once_the_newer_one_counts(guarded, monkeypatch):
    segment = Segment.objects.create(code="vip", name="高价值")
    if not guarded:
        barrier, put_in = Barrier(2, timeout=30), services._put_in

        def put_in_together(*batch):
            count = put_in(*batch)
            barrier.wait()
            return count

        monkeypatch.setattr(services, "_put_in", put_in_together)
        monkeypatch.setattr(Segment._default_manager._queryset_class, "select_for_update", lambda rows, **_: rows)
    first, second = MemberFactory.create_batch(4), MemberFactory.create_batch(4)
    answers = run_together(
        lambda: refresh(*first, at=NOW + timedelta(seconds=1)), lambda: refresh(*second, at=NOW + timedelta(seconds=2))
    )
    assert [each for each in answers if isinstance(each, Exception)] == []
    assert (inside(segment, NOW + DAY) == {*second}) is guarded


def test_tags_are_set_as_a_whole_and_keep_who_gave_them():
    member, (tea, gift) = MemberFactory(), (Tag.objects.create(name="茶友"), Tag.objects.create(name="送礼"))
    set_tags(member_id=member.pk, tag_ids=[tea.pk], actor=CLERK, now=NOW)
    set_tags(member_id=member.pk, tag_ids=[tea.pk, gift.pk], actor=Actor.staff("other"), now=NOW + DAY)
    assert list(MemberTag.objects.order_by("pk").values_list("tag__name", "source", "tagged_at")) == [
        ("茶友", "staff:clerk", NOW),
        ("送礼", "staff:other", NOW + DAY),
    ]
    set_tags(member_id=member.pk, tag_ids=[], actor=CLERK, now=NOW)
    assert not MemberTag.objects.exists()


def test_a_window_cannot_end_before_it_begins(vip):
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentMembership.objects.create(segment=vip, member=MemberFactory(), since=NOW, until=NOW - DAY, seen_at=NOW)


def test_the_file_goes_with_a_merge_and_is_erased_and_exported(vip):
    target, source = MemberFactory(), MemberFactory(phone=None, openid="loose")
    tag = Tag.objects.create(name="茶友")
    for member in (target, source):
        set_tags(member_id=member.pk, tag_ids=[tag.pk], actor=CLERK, now=NOW)
        add_to_segment(segment_id=vip.pk, member_id=member.pk, until=None, now=NOW)
    write_note(member_id=source.pk, text="喜欢明前茶", actor=CLERK, now=NOW)
    with transaction.atomic():
        merge_accounts(source_id=source.pk, target_id=target.pk, now=NOW)
    assert MemberTag.objects.get().member == target
    assert SegmentMembership.objects.get().member == target
    assert MemberNote.objects.values_list("member", "author").get() == (target.pk, "clerk")
    exported = member_data.export(member_id=target.pk)
    assert exported["notes"] == [{"text": "喜欢明前茶", "written_at": NOW}]
    member_data.erase(member_id=target.pk, now=NOW)
    assert [model.objects.count() for model in (MemberTag, SegmentMembership, MemberNote)] == [0, 0, 0]


def test_staff_put_a_member_into_a_segment(admin_client, vip):
    member = MemberFactory(nickname="小满")
    page = "/admin/segments/segmentmembership/add/"
    assert admin_client.get(page).status_code == 200
    body = {"segment": vip.pk, "member": member.pk, "until_0": "", "until_1": ""}
    assert admin_client.post(page, body).status_code == 302
    held = SegmentMembership.objects.get()
    assert (held.member, held.source, held.until) == (member, "staff", None)
    assert "小满" in admin_client.get("/admin/segments/segmentmembership/").content.decode()
    listed = admin_client.get("/admin/segments/segment/")
    past = {"segment": vip.pk, "member": member.pk, "until_0": "2020-01-01", "until_1": "00:00"}
    assert "结束时间须在将来" in admin_client.post(page, past).content.decode()
    assert [each.member_count for each in listed.context["cl"].result_list] == [1]
