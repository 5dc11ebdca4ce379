import pytest

from members.identity.tests.factories import MemberFactory
from members.segments.demo import load
from members.segments.models import MemberNote, MemberTag, SegmentMembership
from shop.core import clock


@pytest.mark.django_db(transaction=True)
def test_every_third_demo_member_has_a_file_and_only_once():
    first, *_others = MemberFactory.create_batch(4)
    assert load(size="small", now=clock.now()) == "3 tags and 2 notes"
    assert load(size="small", now=clock.now()) == "tags are there"
    assert (MemberTag.objects.count(), SegmentMembership.objects.count(), MemberNote.objects.count()) == (3, 2, 2)
    assert [tag.tag.name for tag in first.tags.all()] == ["茶友"]
