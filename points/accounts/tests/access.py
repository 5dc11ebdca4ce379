from tests.access import Door

DOORS = (Door("GET", "points"), Door("GET", "points/entries"))
