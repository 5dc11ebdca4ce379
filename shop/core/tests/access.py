from tests.access import Door, Who

DOORS = (Door("GET", "ping", Who.ANYBODY),)
