from members.identity.models import Member
from points.tasks.tests.making import task_of
from tests.access import Door, Thing, Who


def browsing(owner: Member) -> Thing:
    row = task_of("browse", code="look", target=10)
    return Thing({"code": row.code}, row)


DOORS = (
    Door("POST", "points/check-in", read_only=("points", "streak", "day")),
    Door("GET", "points/check-ins"),
    Door("POST", "points/check-ins/make-up", read_only=("points", "cost_points", "member_id")),
    Door("GET", "points/tasks"),
    Door(
        "POST",
        "points/tasks/<slug:code>/complete",
        thing=browsing,
        not_yours=False,
        read_only=("points", "progress", "member_id"),
    ),
    Door("POST", "points/tasks/<slug:code>/start", thing=browsing, not_yours=False, read_only=("seconds", "token")),
    Door("POST", "points/tasks/<slug:code>/beat", thing=browsing, not_yours=False, read_only=("seconds", "now")),
    Door("POST", "points/share-visits", Who.ANYBODY, read_only=("visitor", "member_id", "count")),
)
