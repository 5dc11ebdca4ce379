"""Recipients that were copied into other rows as JSON (see `RecipientSnapshot`), once nobody may be found in them."""

from django.db.models import Func, JSONField


class WithoutPerson(Func):
    """The JSON column without name, phone, street and place on the map; the region stays."""

    template = "%(expressions)s - '{name,phone,detail,longitude,latitude}'::text[]"
    output_field = JSONField()
