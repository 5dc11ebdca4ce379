from tests.access import Door, Who

READERS = ("owner", "operator", "analyst")
DOORS = tuple(
    Door("GET", f"staff/analytics/{what}", Who.STAFF, roles=READERS)
    for what in ("segments", "points-flow", "leaderboard", "cohorts", "campaigns")
)
