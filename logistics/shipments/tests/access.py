from tests.access import Door, Who

DOORS = (Door("POST", "couriers/notify", Who.GATEWAY),)
