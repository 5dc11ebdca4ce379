"""What staff keep at the order desk: filters under a name.

Always: a filter's parameters are criteria of the workbench; somebody has at most one filter to begin with.
"""

from orders.workbench.models.saved_filters import FirstFilter, SavedFilter

__all__ = ["FirstFilter", "SavedFilter"]
