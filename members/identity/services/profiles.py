"""What members say about themselves."""

from datetime import date, datetime
from typing import Any

from members.identity.errors import BirthdayAlreadySet
from members.identity.locks import lock_active_member
from members.identity.models import Member
from shop.core.clock import business_day
from shop.core.transactions import use_case


@use_case
def update_profile(*, member_id: int, now: datetime, **changes: Any) -> Member:
    """Change any of `nickname`, `avatar_url` and `birthday`.

    Raises BirthdayAlreadySet within a year of its last change. Birthdays bring gifts, so erasing one is a change too.
    """
    member = lock_active_member(member_id=member_id)
    today = business_day(now)
    if "birthday" in changes and changes["birthday"] != member.birthday:
        if member.birthday_set_on and today < _a_year_after(member.birthday_set_on):
            raise BirthdayAlreadySet(date=_a_year_after(member.birthday_set_on).isoformat())
        member.birthday, member.birthday_set_on = changes["birthday"], today
    member.nickname = changes.get("nickname", member.nickname)
    member.avatar_url = changes.get("avatar_url", member.avatar_url)
    member.save(update_fields=["nickname", "avatar_url", "birthday", "birthday_set_on"])
    return member


def _a_year_after(day: date) -> date:
    """The same day next year; 1 March after a 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)
