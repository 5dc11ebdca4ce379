"""Errors reach the function that the installation names, with the request in which they were."""

import logging

import structlog

from shop.core import error_hook
from shop.core.error_hook import ErrorHook

heard: list = []


def listen(told):
    heard.append(told)


def fall_over(told):
    logging.getLogger("kettle").error("again")
    raise RuntimeError("no line")


def hooked(path):
    heard.clear()
    logger = logging.Logger("kettle")
    logger.addHandler(ErrorHook(path))
    return logger


def test_an_error_is_told_with_its_exception_and_a_warning_is_not():
    logger = hooked(f"{__name__}.listen")
    logger.warning("warm")
    try:
        raise ValueError("dry")
    except ValueError as error:
        logger.exception("boiled over")
        raised = error
    [told] = heard
    assert (told["event"], told["logger"], told["level"], told["exception"]) == (
        "boiled over",
        "kettle",
        "ERROR",
        raised,
    )


def test_what_was_bound_to_an_event_is_told_too():
    record = logging.LogRecord("kettle", logging.ERROR, "", 0, {"event": "dry", "request_id": "r1", "_x": 1}, (), None)
    assert error_hook.told(record) == {
        "event": "dry",
        "request_id": "r1",
        "logger": "kettle",
        "level": "ERROR",
        "exception": None,
    }


def test_a_hook_that_fails_is_said_and_does_no_harm(capsys):
    hooked(f"{__name__}.fall_over").error("boiled over")
    assert "RuntimeError: no line" in capsys.readouterr().err


def test_a_path_that_leads_nowhere_does_no_harm(capsys):
    hooked("shop.nowhere.at_all").error("boiled over")
    assert "shop.nowhere.at_all" in capsys.readouterr().err


def test_without_a_hook_the_root_has_none():
    assert structlog.is_configured()
    assert not any(isinstance(handler, ErrorHook) for handler in logging.getLogger().handlers)
