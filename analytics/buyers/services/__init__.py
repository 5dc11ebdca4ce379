"""What the jobs and the edge call; each name lives in the module of its verb."""

from analytics.buyers.services.cohorts import count_cohorts
from analytics.buyers.services.filters import preview_filter, refresh_filters, save_filter
from analytics.buyers.services.points_flow import count_points
from analytics.buyers.services.rankings import count_products, work_out_returns
from analytics.buyers.services.scoring import score_members
from analytics.buyers.services.segments import fill_segments

__all__ = [
    "count_cohorts",
    "count_points",
    "count_products",
    "fill_segments",
    "preview_filter",
    "refresh_filters",
    "save_filter",
    "score_members",
    "work_out_returns",
]
