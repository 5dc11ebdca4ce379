from tests.access import Door, Who

DOORS = (Door("GET", "pickup-stores", Who.ANYBODY),)
