"""Who a kept version of a row is put down to."""

from typing import Any

from django.http import HttpRequest

from shop.core.models import StaffUser


def staff_of_request(instance: Any, request: HttpRequest | None = None, **kwargs: Any) -> StaffUser | None:
    """The member of staff who is at work. Rows may also change in a member's request, who is not of the staff: an order
    that spends the last of a campaign's budget ends the campaign.
    """
    user = getattr(request, "user", None)
    return user if isinstance(user, StaffUser) else None
