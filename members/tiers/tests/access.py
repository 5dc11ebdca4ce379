from tests.access import Door, Who

DOORS = (
    Door("GET", "tiers", Who.ANYBODY),
    Door("GET", "me/tier"),
)
