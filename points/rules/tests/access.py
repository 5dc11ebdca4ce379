from tests.access import Door, Who

DOORS = (Door("GET", "points/guide", Who.ANYBODY),)
