"""Distribution: the leaderboard over a million commissions beside SQL by hand, and a random life beside a reference.

The leaderboard is asked for as the API asks, and as one statement that reads nothing but a covering index, in turns in
one run. The random life takes steps of a forest of members by the services, and compares every balance with what a few
plain Python lines say.
"""

import sys

from harness import Report, options, running_shop

COMMISSIONS, QUICK_COMMISSIONS = 1_000_000, 60_000
EVENTS, QUICK_EVENTS = 100_000, 2_000
RANKING_TIMES = 1.5


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--events", type=int, help="steps of the random life")
    asked = parser.parse_args()
    rows, events = (QUICK_COMMISSIONS, QUICK_EVENTS) if asked.quick else (COMMISSIONS, EVENTS)
    events = events if asked.events is None else asked.events
    report = Report("distribution", asked.seed)
    with running_shop(asked.state_dir) as shop:
        if events:
            lived = shop.call("bench.distributing", "live", events=events, seed=asked.seed)
            report.note(f"{lived['orders']:,} orders, {lived['withdrawals']:,} withdrawals: {lived['taken']}")
            report.figure("events_per_second", lived["per_second"])
            report.must("differences", lived["differences"], 0)
            report.must("broken_laws_of_distribution", lived["broken"], 0)
        report.note(f"writing {rows:,} commissions")
        shop.call("bench.distributing", "load", commissions=rows, seed=asked.seed)
        for measure in ("sales", "orders", "points"):
            took = shop.call("bench.distributing", "rank", measure=measure)
            report.must(f"same_ranks_{measure}", took["same"], True)
            report.figure(
                f"leaderboard_{measure}_ms", took["ours"], reference=took["sql"], target=RANKING_TIMES, better="lower"
            )
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
