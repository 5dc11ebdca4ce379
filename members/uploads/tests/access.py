from tests.access import Door

DOORS = (Door("POST", "uploads"),)
