"""The demo shop's tasks, and members who have checked in for days and done some of them."""

from datetime import datetime, timedelta

from members.identity.models import Member
from points.tasks.models import CheckIn, Task
from points.tasks.services import check_in, publish_task
from shop.core.actors import Actor

ACTOR = Actor.system("demo")
TASKS = (
    {
        "code": "profile",
        "kind": "profile",
        "name": "完善资料",
        "name_en": "Complete your profile",
        "description": "填写昵称、头像和生日",
        "points": 50,
        "link": "pages/member/profile",
    },
    {
        "code": "browse-new-year",
        "kind": "browse",
        "name": "逛年货会场",
        "name_en": "Browse the New Year collection",
        "description": "浏览 15 秒",
        "points": 10,
        "period": "daily",
        "target": 15,
        "link": "pages/collection/detail?id=2",
    },
    {
        "code": "share",
        "kind": "share",
        "name": "分享好物给好友",
        "name_en": "Share with friends",
        "description": "好友打开链接即得积分，每天最多三次",
        "points": 5,
        "period": "daily",
        "times": 3,
    },
    {
        "code": "invite",
        "kind": "invite",
        "name": "邀请新会员",
        "name_en": "Invite a friend",
        "description": "好友注册成功",
        "points": 100,
        "period": "monthly",
        "times": 10,
        "link": "pages/member/invite",
    },
    {
        "code": "invite-order",
        "kind": "invite_order",
        "name": "好友首单奖励",
        "name_en": "Your friend's first order",
        "points": 300,
        "period": "monthly",
        "times": 10,
    },
    {"code": "anniversary", "kind": "anniversary", "name": "入会周年礼", "name_en": "Anniversary gift", "points": 88},
    {
        "code": "member-day",
        "kind": "member_day",
        "name": "每月会员日",
        "name_en": "Member day",
        "points": 18,
        "on_day": 28,
    },
)
# Of each member: how many days ago they began, and which of the days since they missed.
STREAKS = ((12, ()), (9, (4,)), (6, ()), (20, (3, 10, 11)), (2, ()), (15, (0,)))


def load(*, size: str, now: datetime) -> str:
    known = set(Task.objects.values_list("code", flat=True))
    wanted = [Task(**each) for each in TASKS if each["code"] not in known]
    for position, task in enumerate(wanted, start=1):
        task.position = position
        task.full_clean()
        task.save()
        publish_task(task_id=task.pk, actor=ACTOR, now=now - timedelta(days=30))
    members = Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk")
    days = sum(_check_in(member, *streak, now=now) for member, streak in zip(members, STREAKS, strict=False))
    return f"{len(wanted)} tasks, {days} check-ins"


def _check_in(member: Member, since: int, missed: tuple[int, ...], *, now: datetime) -> int:
    if CheckIn.objects.filter(member=member).exists():
        return 0
    days = [now - timedelta(days=back) for back in range(since, -1, -1) if back not in missed]
    for day in days:
        check_in(member_id=member.pk, now=day)
    return len(days)
