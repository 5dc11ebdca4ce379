"""What the edge and jobs call; each name lives in the module of its verb."""

from points.accounts.services.filing import (
    decide_file,
    request_file,
    resume_file,
    stop_file,
    undo_file,
    upload_file,
    work_files,
)
from points.accounts.services.linking import start_activity, start_cash_activity
from points.accounts.services.proving import prove_ledger
from points.accounts.services.reminding import remind_due

__all__ = [
    "decide_file",
    "prove_ledger",
    "remind_due",
    "request_file",
    "resume_file",
    "start_activity",
    "start_cash_activity",
    "stop_file",
    "undo_file",
    "upload_file",
    "work_files",
]
