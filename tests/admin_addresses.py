"""Every address of the admin, with something in place of what its parts stand for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLResolver, get_resolver

STANDARD = ("changelist", "add", "change", "delete", "history")
# Open to whoever has signed in, and to nobody else's data: the frame of the admin itself.
FRAME = {"search", "index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"}
FRAME |= {"view_on_site", "app_list"}
PARTS = {"step": "publish", "part": "odds", "decision": "reject", "direction": "up"}
NOBODY = "999999999"
# How the addresses of kept versions are written.
VERSION = "^([^/]+)/history/([^/]+)/$"


@dataclass(frozen=True)
class Address:
    """`kind` is what Django calls it (`changelist`, …), or empty for a page of the room's own."""

    name: str
    path: str
    kind: str
    model: str


def addresses() -> list[Address]:
    """In order, without the frame."""
    root = next(each for each in get_resolver().url_patterns if str(each.pattern) == "admin/")
    found = [_address(path, name) for path, name in _walk(root.url_patterns, "/admin/") if name and name not in FRAME]
    return [each for each in found if not each.path.startswith("/admin/password_change")]


def _walk(patterns: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, path)
        else:
            yield path, each.name


def _address(path: str, name: str) -> Address:
    model, _, last = name.rpartition("_")
    known = {f"{each._meta.app_label}_{each._meta.model_name}" for each in admin.site._registry}
    kind = last if last in STANDARD and model in known else ""
    filled = path.replace(VERSION, f"{NOBODY}/history/{NOBODY}/")
    filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: PARTS.get(part[1], NOBODY), filled)
    return Address(name, filled, kind, model if kind else "")
