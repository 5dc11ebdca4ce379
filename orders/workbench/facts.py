"""What the workbench tells itself: a long work has more to do."""

from datetime import datetime

from shop.core.events import Fact


class WorkGoesOn(Fact):
    """Items of a bulk work wait; the outbox brings this again when the worker that did them was killed."""

    work_id: int
    at: datetime


class ExportGoesOn(Fact):
    """A file of orders is not finished."""

    export_id: int
    at: datetime
