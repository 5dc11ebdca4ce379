from tests.access import Door, Who

BODY = b'{"sent_at": "2026-05-04T06:00:00Z", "events": []}'
DOORS = (
    Door("POST", "events", Who.ANYBODY, body=BODY),
    Door("GET", "me/tracking"),
    Door("PUT", "me/tracking", body=b'{"refused": true}', read_only=("refused_at", "member_id")),
)
