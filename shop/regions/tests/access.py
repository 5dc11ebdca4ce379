from tests.access import Door, Who

DOORS = (Door("GET", "regions", Who.ANYBODY),)
