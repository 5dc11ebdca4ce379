"""The demo shop's twenty members: they sign in through the WeChat stand-in, as real ones would, and have an address."""

from datetime import date, datetime, timedelta

from django.conf import settings

from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.services.addresses import add_address
from members.identity.services.profiles import update_profile
from members.identity.services.sign_in import sign_in_by_wechat
from shop.core.outbound import http_client

SMALL = 6
# Nickname, recipient, region, street, birthday.
PEOPLE = (
    ("小满", "林小满", "330106", "文三路 478 号华星时代广场 A 座 1203", date(1994, 5, 21)),
    ("阿岩", "周岩", "310115", "张江路 665 弄 18 号 602", date(1988, 11, 3)),
    ("江边的猫", "陈可欣", "440106", "体育西路 103 号维多利广场 B 塔 2208", date(1996, 2, 14)),
    ("老赵在成都", "赵卫国", "510104", "红星路三段 1 号 31 层", date(1975, 9, 9)),
    ("Mia", "黄米雅", "440305", "科技园南区高新南一道 9 号", date(1998, 7, 30)),
    ("听雨", "苏听雨", "320508", "平江路 88 号", date(1991, 4, 2)),
    ("北方有佳木", "李嘉木", "110105", "建国路 93 号万达广场 10 号楼", date(1986, 12, 24)),
    ("一颗柠檬", "徐宁", "420106", "中南路 99 号保利大厦 1506", date(2000, 6, 18)),
    ("山有木兮", "沈木兮", "330203", "药行街 48 号", date(1993, 10, 1)),
    ("豆包妈妈", "吴敏", "370202", "香港中路 40 号数码港 2701", date(1990, 3, 8)),
    ("夜航船", "张岱", "330602", "府山街道鲁迅中路 241 号", date(1983, 8, 16)),
    ("西安吃货", "马骁", "610113", "小寨西路 26 号", date(1997, 1, 27)),
    ("云上", "杨云", "530102", "东风西路 11 号", date(1992, 9, 22)),
    ("雪落天山", "艾力", "650102", "中山路 86 号", date(1989, 5, 5)),
    ("木棉花开", "何棉", "450103", "民族大道 136 号", date(1995, 11, 11)),
    ("长江一尾鱼", "江余", "500103", "民权路 28 号英利国际 3606", date(1987, 4, 19)),
    ("糯米团子", "方糯", "350203", "厦禾路 820 号", date(1999, 12, 30)),
    ("读书人老金", "金默", "210102", "青年大街 106 号", date(1970, 2, 6)),
    ("小鹿", "陆鸣", "430102", "五一大道 618 号银华大厦 902", date(2001, 8, 8)),
    ("青青子衿", "郑青", "410105", "花园路 39 号国贸中心", date(1994, 3, 15)),
)


def load(*, size: str, now: datetime) -> str:
    wanted = PEOPLE if size == "full" else PEOPLE[:SMALL]
    known = set(Member.objects.values_list("phone", flat=True))
    newcomers, inviter = 0, ""
    for index, person in enumerate(wanted):
        if f"+86{phone_of(index)}" not in known:
            # The first of them has told a few friends.
            invited_by = inviter if index in (1, 3, 4) else ""
            joined_at = now - timedelta(days=61 - index, hours=7)
            code = _register(phone_of(index), person, invited_by, joined_at=joined_at)
            inviter = inviter or code
            newcomers += 1
    return f"{newcomers} members"


def phone_of(index: int) -> str:
    return f"138000010{index:02d}"


def _register(phone: str, person: tuple[str, str, str, str, date], invited_by: str, joined_at: datetime) -> str:
    """Returns the newcomer's own invite code."""
    nickname, recipient, region_code, detail, birthday = person
    answer = http_client().post(f"{settings.SANDBOX_URL}/wechat/login-codes", json={"phone": phone})
    codes = answer.raise_for_status().json()
    member = sign_in_by_wechat(
        login_code=codes["login_code"],
        phone_code=codes["phone_code"],
        invite_code=invited_by,
        origin=Origin(agent="WeChat mini-program"),
        now=joined_at,
    ).member
    update_profile(member_id=member.pk, nickname=nickname, birthday=birthday, now=joined_at)
    add_address(
        member_id=member.pk,
        name=recipient,
        phone=f"+86{phone}",
        region_code=region_code,
        detail=detail,
        is_default=True,
    )
    return member.invite_code
