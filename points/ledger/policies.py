"""Expiry policies as stored: the newest version of each holds, and points keep the date they were granted with."""

from dataclasses import dataclass
from datetime import datetime

from points.ledger.calendar import Kind, Terms, expiry
from points.ledger.errors import ExpiryPolicyInvalid
from points.ledger.models import ExpiryVersion
from shop.core.prepared import Prepared, columns

# Written out, because every grant asks.
_NEWEST = Prepared(
    "newest_expiry",
    f"""
SELECT {columns(ExpiryVersion, "version")}
FROM ledger_expiryversion version JOIN ledger_expirypolicy policy ON policy.id = version.policy_id
WHERE (%s::bigint IS NULL AND policy.is_default) OR policy.id = %s::bigint
ORDER BY version.id DESC LIMIT 1
""",
)


@dataclass(frozen=True)
class Expiry:
    """What a policy says of points granted now; `expires_at` is None where they stay for good."""

    version_id: int | None
    expires_at: datetime | None
    by_inactivity: bool


def expires_at_for(policy_id: int | None = None, *, granted_at: datetime) -> datetime | None:
    """The instant at which points granted then expire; without a policy by the shop's default one."""
    return expiry_for(policy_id, granted_at=granted_at).expires_at


def expiry_for(policy_id: int | None = None, *, granted_at: datetime) -> Expiry:
    """As above, with the version that says so. A fixed date that has passed gives way to the default policy."""
    version = newest_version(policy_id)
    terms = terms_of(version)
    expires_at = expiry(terms, granted_at=granted_at)
    if terms.kind == Kind.FIXED and expires_at is not None and expires_at <= granted_at and policy_id is not None:
        return expiry_for(granted_at=granted_at)
    return Expiry(version.pk, expires_at, terms.kind == Kind.INACTIVITY)


def newest_version(policy_id: int | None = None) -> ExpiryVersion:
    """Raises ExpiryPolicyInvalid where there is no such policy."""
    version = _NEWEST.first(ExpiryVersion, [policy_id, policy_id])
    if version is None:
        raise ExpiryPolicyInvalid
    return version


def terms_of(version: ExpiryVersion) -> Terms:
    cut_off = None
    if version.cut_off_month is not None and version.cut_off_day is not None:
        cut_off = (version.cut_off_month, version.cut_off_day)
    return Terms(Kind(version.kind), version.month, version.day, cut_off, version.months, version.last_day)
