"""What speaks against an honest order, as far as this shop can see. Whatever is found, a person decides."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.module_loading import import_string

from members.identity.models import Address, Member
from members.identity.queries import shared_origins
from promotions.distribution.models import Binding, Distributor, FormerPhone, Sale, Sign
from promotions.distribution.preferences import REJOINED_DAYS, SALES_PER_DAY
from shop.core.clock import business_day

# Longer than any honest chain of who brought whom.
MOST_STEPS = 50


@dataclass(frozen=True)
class Destination:
    """Where a parcel goes. Empty parts are those of somebody who has left: nobody knows where that was."""

    region_code: str
    detail: str
    phone: str

    @property
    def key(self) -> tuple[str, str, str] | None:
        """The same for the same place and phone, however they were typed."""
        detail, phone = _plain(self.detail), _plain(self.phone)
        return (self.region_code, detail, phone) if detail and phone else None


def digest(kind: str, text: str) -> str:
    """Tells whether two are the same without telling what they are; empty for nothing."""
    key = f"distribution:{kind}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() if text else ""


def phone_digest(phone: str | None) -> str:
    return digest("phone", phone or "")


def payer_digest(payer: str) -> str:
    return digest("payer", payer)


def signs_of(
    *, buyer: Member, distributor: Distributor, payer: str, destination: Destination | None, sold_at: datetime
) -> list[str]:
    """An order that distributors place for themselves shows the signs of its buyer alone."""
    is_own = buyer.pk == distributor.member_id
    origins = set() if is_own else shared_origins(buyer.pk, distributor.member_id)
    found = {
        Sign.DEVICE: "device" in origins,
        Sign.NETWORK: "network" in origins,
        Sign.ADDRESS: not is_own and destination is not None and _goes_home(distributor, destination),
        Sign.PAYER: not is_own and _strange_payer(buyer, distributor, payer),
        Sign.PACE: _sold_on_day(distributor, sold_at) >= SALES_PER_DAY.value(),
        Sign.CIRCLE: not is_own and _in_circle(buyer, distributor),
        Sign.REJOINED: _has_rejoined(buyer, sold_at) or _has_rejoined(distributor.member, sold_at),
    }
    return [sign.value for sign, seen in found.items() if seen]


def _strange_payer(buyer: Member, distributor: Distributor, payer: str) -> bool:
    if not payer:
        return False
    of_others = Sale.objects.filter(payer_digest=payer_digest(payer), distributor=distributor).exclude(buyer=buyer)
    return payer == distributor.member.openid or of_others.exists()


def _goes_home(distributor: Distributor, destination: Destination) -> bool:
    """Whether the distributor has parcels sent there: by their addresses, or by what they have ordered."""
    key, there = destination.key, {"region_id": destination.region_code}
    if key is None:
        return False
    own = Address.objects.filter(member=distributor.member_id, **there).values_list("region_id", "detail", "phone")
    if key in {Destination(*each).key for each in own}:
        return True
    ordered: Iterable[tuple[str, str, str]] = import_string(settings.MEMBER_DESTINATIONS)(
        member_id=distributor.member_id, region_code=destination.region_code
    )
    return key in {Destination(*each).key for each in ordered}


def _plain(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def _sold_on_day(distributor: Distributor, sold_at: datetime) -> int:
    return Sale.objects.filter(distributor=distributor, sold_on=business_day(sold_at)).count()


def _in_circle(buyer: Member, distributor: Distributor) -> bool:
    """Whether who sells to the distributor, and who sells to those, comes back to the buyer."""
    seller_of = Binding.objects.filter(ended_at=None).values_list("distributor__member_id", flat=True)
    seen, current = set[int](), distributor.member_id
    while current not in seen and len(seen) < MOST_STEPS:
        seen.add(current)
        above = seller_of.filter(member_id=current).first()
        if above is None:
            return False
        if above == buyer.pk:
            return True
        current = above
    return False


def _has_rejoined(member: Member, at: datetime) -> bool:
    known = phone_digest(member.phone)
    since = at - timedelta(days=REJOINED_DAYS.value())
    return bool(known) and FormerPhone.objects.filter(digest=known, left_at__gt=since).exists()
