"""Recipients that were copied into other rows as JSON (see `RecipientSnapshot`), where nobody may be found in them."""

from django.db.models import Func, JSONField


class WithoutPerson(Func):
    """The JSON column without name, phone, street and place on the map; the region stays."""

    template = "%(expressions)s - '{name,phone,detail,longitude,latitude}'::text[]"
    output_field = JSONField()


def mask_street(detail: str) -> str:
    """`科技园路 1 号` → `科技***`, for screens that many people see."""
    return f"{detail[:2]}***" if detail else ""
