"""Do recommendations find what people buy next? Hit rate at ten against popularity, on The Complete Journey.

The first 45 weeks of 1.5 million purchases train, the last eight judge. Both lists hold ten products that a household
has not bought before; a hit is a household that buys one of its ten. The same code as the shop's nightly build.
"""

import argparse
import time

from harness import Report
from recommending import alike_of, hit_rates, purchases, split

CPU_SECONDS = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report = Report("recommendations", seed=options.seed)
    bought, later = split(purchases(options.quick))
    started = time.process_time()
    alike = alike_of(bought)
    cpu = time.process_time() - started
    ours, popular, households = hit_rates(bought, later, alike)
    report.note(f"{households} households, {bought.nnz} pairs of household and product, {alike.nnz} pairs of products")
    report.figure("hit_rate_at_10", ours, reference=popular, target=1.0)
    report.figure("build_cpu_seconds", cpu, target=CPU_SECONDS, better="lower")
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
