"""Distances on the globe."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0


def distance_km(*, longitude: float, latitude: float, to_longitude: float, to_latitude: float) -> float:
    """Great-circle distance by the haversine formula."""
    half_latitude = radians(to_latitude - latitude) / 2
    half_longitude = radians(to_longitude - longitude) / 2
    chord = sin(half_latitude) ** 2 + cos(radians(latitude)) * cos(radians(to_latitude)) * sin(half_longitude) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))
