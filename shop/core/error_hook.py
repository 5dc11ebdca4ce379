"""Errors are handed, as they are logged, to a function of the installation: a mail, a chat, Sentry, what it likes."""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.module_loading import import_string

Hook = Callable[[Mapping[str, Any]], object]


class ErrorHook(logging.Handler):
    """Calls the function at `path` with what happened, where, in which request, and the exception if there is one.

    It must not take long: it is called where the error was. What it raises itself is written to standard error only.
    """

    def __init__(self, path: str, level: int = logging.ERROR) -> None:
        super().__init__(level)
        self.path = path
        self._busy = False

    def emit(self, record: logging.LogRecord) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            hook: Hook = import_string(self.path)
            hook(told(record))
        except Exception as error:
            print(f"the error hook {self.path} failed: {type(error).__name__}: {error}", file=sys.stderr)
        finally:
            self._busy = False


def told(record: logging.LogRecord) -> dict[str, Any]:
    """`event`, `logger`, `level`, whatever was bound to it such as `request_id`, and `exception`."""
    said = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
    bound = {name: value for name, value in said.items() if not name.startswith("_")}
    raised = record.exc_info[1] if record.exc_info else None
    return {**bound, "logger": record.name, "level": record.levelname, "exception": raised}
