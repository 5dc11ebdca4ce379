from tests.access import Door, Who

ROLES = ("owner", "operator", "analyst")
DOORS = (
    Door("GET", "staff/analytics/overview", Who.STAFF, roles=ROLES),
    Door("GET", "staff/analytics/traffic", Who.STAFF, roles=ROLES),
    Door("GET", "staff/analytics/heatmap", Who.STAFF, roles=ROLES),
)
