from tests.access import Door

READ_ONLY = ("standing", "grade", "grade_id", "recruiter", "joined_at", "available_fen")
DOORS = (
    Door("GET", "distribution"),
    Door("POST", "distribution/join", read_only=READ_ONLY),
    Door("POST", "distribution/visits", read_only=("bound", "distributor_id", "locked_at", "until")),
    Door("GET", "distribution/commissions"),
    Door("GET", "distribution/entries"),
    Door("GET", "distribution/customers"),
)
