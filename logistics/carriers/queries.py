"""What the carriers would do for a parcel."""

from django.db import connection

from logistics.carriers.engine import ANYWHERE, Offer, Parcel, Rate, choose

# Columns in the order of Rate; written out, because every quote asks and every parcel again.
_RATES = """
SELECT carrier.id, carrier.code, carrier.volumetric_divisor, origin_province, destination_province, first_weight_g,
    first_fen, step_weight_g, step_fen, max_weight_g, eta_hours
FROM carriers_carrierrate rate JOIN carriers_carrier carrier ON carrier.id = rate.carrier_id
WHERE carrier.is_active AND origin_province = ANY(%s) AND destination_province = ANY(%s)
"""


def offers_for(parcel: Parcel) -> list[Offer]:
    """Every active carrier's offer, the one to choose first and the refused ones last; one query."""
    return choose(parcel, _rates(parcel))


def _rates(parcel: Parcel) -> list[Rate]:
    with connection.cursor() as cursor:
        cursor.execute(_RATES, [[parcel.origin_province, ANYWHERE], [parcel.destination_province, ANYWHERE]])
        return [Rate(*row) for row in cursor.fetchall()]
