"""Recipients that were copied into other rows as JSON (see `RecipientSnapshot`): erased in them, and shown of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Func, JSONField

from members.identity.phones import mask_phone, show_phone


class WithoutPerson(Func):
    """The JSON column without name, phone, street and place on the map; the region stays."""

    template = "%(expressions)s - '{name,phone,detail,longitude,latitude}'::text[]"
    output_field = JSONField()


@dataclass(frozen=True)
class Addressee:
    """A recipient, as much of it as a reader may see; `region` always is."""

    name: str
    phone: str
    region: str
    street: str

    @classmethod
    def of(cls, recipient: Mapping[str, Any] | None, *, whole: bool) -> "Addressee":
        to = recipient or {}
        name, phone, region, street = (str(to.get(key, "")) for key in ("name", "phone", "region_path", "detail"))
        phone = (show_phone(phone) if whole else mask_phone(phone)) if phone else ""
        if not whole:
            name, street = mask_name(name), mask_street(street)
        return cls(name, phone, region, street)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name, self.phone, self.region, self.street))) or "–"


def mask_name(name: str) -> str:
    """`张三丰` → `张**`."""
    return f"{name[:1]}**" if name else ""


def mask_street(detail: str) -> str:
    """`科技园路 1 号` → `科技***`, for screens that many people see."""
    return f"{detail[:2]}***" if detail else ""
