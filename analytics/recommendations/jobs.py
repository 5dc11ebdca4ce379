"""The night's build."""

from datetime import datetime

from analytics.recommendations.services import build, forget_builds
from shop.core.jobs import Effect, job


@job("recommendations.build", at=(3, 20))
def build_recommendations(now: datetime) -> Effect:
    built = build(now=now)
    return {"evaluated": built.pairs if built else 0, "forgotten": forget_builds()}
