from tests.access import Door, Who

DOORS = (
    Door("GET", "recommendations", Who.ANYBODY),
    Door("GET", "me/recommendations"),
    Door("PUT", "me/recommendations", body=b'{"is_personal": false}', read_only=("member_id", "chosen_at")),
)
