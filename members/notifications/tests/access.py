from tests.access import Door

DOORS = (
    Door("GET", "me/notifications"),
    Door("POST", "me/notifications/read", read_only=("read_at", "member_id", "unread_count")),
    Door("GET", "me/notification-preferences"),
    Door("PUT", "me/notification-preferences", read_only=("member_id", "required")),
    Door("GET", "me/subscribe-credits"),
    Door("POST", "me/subscribe-credits", read_only=("remaining", "used", "member_id")),
)
