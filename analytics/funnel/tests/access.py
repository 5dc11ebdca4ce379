from tests.access import Door, Who

DOORS = (Door("GET", "staff/analytics/funnel", Who.STAFF, roles=("owner", "operator", "analyst")),)
