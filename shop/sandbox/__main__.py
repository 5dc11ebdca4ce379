"""`python -m shop.sandbox --port P --state-dir DIR --shop-url URL`: run the sandbox until SIGTERM or SIGINT."""

import argparse
import logging
import signal
import sys
from pathlib import Path

from shop.sandbox.app import REFUND_DELAY, RETRY_SCHEDULE, Options, Sandbox


def main() -> int:
    """Run the sandbox; the exit status is 0 after a signal and 1 when it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signals = {signal.SIGTERM, signal.SIGINT}
    # Blocked before any thread starts, so that only the wait below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        sandbox = Sandbox(_options())
    except OSError as error:
        print(f"The sandbox cannot start: {error}.", file=sys.stderr)
        return 1
    sandbox.start()
    print(f"SANDBOX READY {sandbox.url}", flush=True)
    signal.sigwait(signals)
    sandbox.stop()
    return 0


def _options() -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m shop.sandbox", description="Local stand-ins for the outside services."
    )
    parser.add_argument("--port", type=int, default=0, help="port on the loopback address; 0 takes a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder for keys, env and data")
    parser.add_argument("--shop-url", default="http://127.0.0.1:8000", help="where the shop answers")
    parser.add_argument(
        "--retry-schedule", type=_seconds_list, default=RETRY_SCHEDULE, help="seconds between attempts: 1,2,5"
    )
    parser.add_argument("--refund-delay", type=float, default=REFUND_DELAY, help="seconds until a refund is settled")
    return Options(**vars(parser.parse_args()))


def _seconds_list(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(",") if part.strip())


if __name__ == "__main__":
    sys.exit(main())
