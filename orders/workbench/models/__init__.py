"""What staff keep and do at the order desk: filters under a name, works on many parcels, files of orders.

Always: a filter's parameters are criteria of the workbench; somebody has at most one filter to begin with; a parcel
stands in a work once, and what became of it is written in the transaction in which it became so.
"""

from orders.workbench.models.exports import ExportPiece, OrderExport
from orders.workbench.models.prices import PriceChange
from orders.workbench.models.saved_filters import FirstFilter, SavedFilter
from orders.workbench.models.works import WORK_TRANSITIONS, BulkWork, WorkItem, WorkStatus

__all__ = [
    "WORK_TRANSITIONS",
    "BulkWork",
    "ExportPiece",
    "FirstFilter",
    "OrderExport",
    "PriceChange",
    "SavedFilter",
    "WorkItem",
    "WorkStatus",
]
