from tests.access import Door

DOORS = (Door("GET", "me/invitations"), Door("GET", "me/share-card"))
