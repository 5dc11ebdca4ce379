"""Numbers that stand in definitions: changing one changes what every figure of the past means."""

# Of a session that was idle: under ten seconds in the foreground.
ENGAGED_MS = 10_000
SESSION_HOURS = 24
# Steps of load times in milliseconds: under the first, from each to the next, from the last on.
LOAD_STEPS = (500, 1_000, 2_000, 3_000, 5_000, 8_000)
