from orders.checkout.tests.access import order
from tests.access import Door

DOORS = (Door("GET", "orders/<str:number>/shipments", thing=order),)
