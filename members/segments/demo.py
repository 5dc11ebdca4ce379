"""The demo shop's tags, a segment decided by hand, and what service has noted about some members."""

from datetime import datetime, timedelta

from members.identity.models import Member
from members.segments.models import MemberNote, Segment, Tag
from members.segments.services import add_to_segment, set_tags, write_note
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

CLERK = Actor.staff("service")
TAGS = (("茶友", "常买茶叶与茶具"), ("送礼", "多为他人下单"), ("企业采购", "需要开票与批量报价"))
SEGMENT = ("tasters", "新品品鉴团", "新品上市前先寄小样")
NOTES = ("喜欢明前龙井，偏好礼盒包装。", "来电确认过周末收货，请避开工作日。")
EVERY = 3


def load(*, size: str, now: datetime) -> str:
    if Tag.objects.exists():
        return "tags are there"
    tags = [Tag.objects.create(name=name, description=description) for name, description in TAGS]
    code, name, description = SEGMENT
    segment = Segment.objects.create(code=code, name=name, description=description)
    members = Member.objects.order_by("pk").values_list("pk", flat=True)[::EVERY]
    for number, member_id in enumerate(members):
        given = [tags[number % len(tags)].pk, tags[0].pk]
        set_tags(member_id=member_id, tag_ids=given, actor=CLERK, now=now - timedelta(days=9))
        with unit_of_work():
            add_to_segment(segment_id=segment.pk, member_id=member_id, until=None, now=now - timedelta(days=6))
            text = NOTES[number % len(NOTES)]
            write_note(member_id=member_id, text=text, actor=CLERK, now=now - timedelta(days=4))
    return f"{len(tags)} tags and {MemberNote.objects.count()} notes"
