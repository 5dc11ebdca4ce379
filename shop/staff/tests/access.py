from tests.access import Door, Who

DOORS = (
    Door("POST", "staff/auth/login", Who.ANYBODY, read_only=("access", "refresh", "is_staff", "permissions")),
    Door("POST", "staff/auth/refresh", Who.ANYBODY, read_only=("access", "session_id")),
    Door("POST", "staff/auth/logout", Who.STAFF),
    Door("GET", "staff/me", Who.STAFF),
)
