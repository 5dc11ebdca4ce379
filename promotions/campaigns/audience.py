"""Whom a campaign is for, and who somebody is: pure, so that a preview can ask for anybody at any time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


@dataclass(frozen=True)
class Buyer:
    """A member at one moment, as campaigns see members. `is_new`: no first purchase yet, and joined not long ago.

    `stamp` is that of what was published when the member was read (see `version`); None where nobody was read.
    """

    member_id: int | None
    tier_id: int | None
    tier_code: str = ""
    segment_ids: frozenset[int] = frozenset()
    is_new: bool = False
    channel: str = ""
    stamp: int | None = field(default=None, compare=False)


class NotForThisTier(DomainError):
    code, status, message = "campaign_not_for_tier", 409, _("This is for other tiers.")


class NotForThisSegment(DomainError):
    code, status, message = "campaign_not_for_segment", 409, _("This is for chosen members.")


class NotForOldMembers(DomainError):
    code, status, message = "campaign_for_new_members", 409, _("This is for new members, before their first purchase.")


class NotOnThisChannel(DomainError):
    code, status, message = "campaign_not_on_channel", 409, _("This is not offered here; try another of our fronts.")


@dataclass(frozen=True)
class Audience:
    """Every condition that is set must hold; of tiers, segments and channels one of those named. Empty: everybody."""

    tier_ids: frozenset[int] = frozenset()
    segment_ids: frozenset[int] = frozenset()
    channels: frozenset[str] = frozenset()
    new_members_only: bool = False

    @property
    def is_everybody(self) -> bool:
        return not (self.tier_ids or self.segment_ids or self.channels or self.new_members_only)

    def includes(self, buyer: Buyer) -> bool:
        return self.refusal(buyer) is None

    def refusal(self, buyer: Buyer) -> DomainError | None:
        """Why the buyer does not belong to it, for the buyer to read."""
        if self.is_everybody:
            return None
        return next((refuse() for refuse, holds in _CONDITIONS.items() if not holds(self, buyer)), None)

    def overlaps(self, other: "Audience") -> bool:
        """Whether somebody could belong to both. Segments may share members, whichever they are."""
        return not (
            self.tier_ids
            and other.tier_ids
            and self.tier_ids.isdisjoint(other.tier_ids)
            or self.channels
            and other.channels
            and self.channels.isdisjoint(other.channels)
        )


_CONDITIONS: Mapping[Callable[[], DomainError], Callable[[Audience, Buyer], Any]] = {
    NotForThisTier: lambda audience, buyer: not audience.tier_ids or buyer.tier_id in audience.tier_ids,
    NotForThisSegment: lambda audience, buyer: not audience.segment_ids or audience.segment_ids & buyer.segment_ids,
    NotForOldMembers: lambda audience, buyer: not audience.new_members_only or buyer.is_new,
    NotOnThisChannel: lambda audience, buyer: not audience.channels or buyer.channel in audience.channels,
}
