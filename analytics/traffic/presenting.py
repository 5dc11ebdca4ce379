"""Shares and figures in the shape that screens and the API have in common."""

from dataclasses import asdict
from typing import Any

from analytics.traffic.queries import (
    LoadStep,
    Page,
    Sessions,
    Slice,
    campaigns_of,
    load_steps_of,
    pages_of,
    sessions_by,
    sessions_of,
    visitors_of,
)


def share_bp(part: int, whole: int) -> int | None:
    """Basis points, rounded down; None of nothing."""
    return part * 10_000 // whole if whole else None


def overview(asked: Slice) -> dict[str, Any]:
    return {"visitors": visitors_of(asked), **_sessions(sessions_of(asked)), "days": _by_day(asked)}


def traffic(asked: Slice) -> dict[str, Any]:
    return {
        "pages": [_page(page) for page in pages_of(asked)],
        "channels": [{"channel": part, **_sessions(each)} for part, each in sessions_by(asked, "channel")],
        "devices": [{"device": part, **_sessions(each)} for part, each in sessions_by(asked, "device")],
        "campaigns": [
            {**asdict(each), "bounce_bp": share_bp(each.bounces, each.entries)} for each in campaigns_of(asked)
        ],
        "load_times": [_load_step(step) for step in load_steps_of(asked)],
    }


def _by_day(asked: Slice) -> list[dict[str, Any]]:
    return [{"day": day, **_sessions(each)} for day, each in sessions_by(asked, "day")]


def _sessions(each: Sessions) -> dict[str, Any]:
    return {
        **asdict(each),
        "bounce_bp": share_bp(each.bounces, each.entries),
        "idle_bp": share_bp(each.idle, each.entries),
        "cart_abandonment_bp": share_bp(each.carts - min(each.carts, each.orders), each.carts),
    }


def _page(page: Page) -> dict[str, Any]:
    return {
        **asdict(page),
        "bounce_bp": share_bp(page.bounces, page.entries),
        "idle_bp": share_bp(page.idle, page.entries),
        "exit_bp": share_bp(page.exits, page.views),
        "mean_dwell_ms": page.dwell_ms // page.timed_views if page.timed_views else None,
        "mean_load_ms": page.load_ms // page.loaded_views if page.loaded_views else None,
        "load_missing_bp": share_bp(page.views - page.loaded_views, page.views),
    }


def _load_step(step: LoadStep) -> dict[str, Any]:
    return {
        "from_ms": step.least,
        "to_ms": step.most,
        "entries": step.entries,
        "bounces": step.bounces,
        "bounce_bp": share_bp(step.bounces, step.entries),
    }
