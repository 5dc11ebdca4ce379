from orders.checkout.tests.access import order
from tests.access import Door

DOORS = (Door("GET", "orders/<number:number>/shipments", thing=order),)
