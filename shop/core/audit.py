"""Who did what, when, to which object: rooms declare their trails, one page searches all of them.

`settings.AUDIT_TRAILS` lists tuples of `Trail` by dotted path. What the admin itself writes down (`LogEntry`) and the
kept versions of rows (`simple_history`) are trails as well, without a word of their rooms. Only what staff did is here,
and each of the staff finds what they may look at.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Value
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from shop.core.actors import Actor


@dataclass(frozen=True)
class Deed:
    """`before` and `after` are words, or pairs of a field and its value."""

    at: datetime
    actor: str
    what: Any
    object: str
    link: str = ""
    before: Any = ""
    after: Any = ""
    reason: str = ""


@dataclass(frozen=True)
class Trail:
    """Rows of one kind that tell what somebody did.

    `at` and `by` are fields; `by` holds an actor as text (`staff:somebody`), or with `by_account` a username.
    `number` is what an object is searched by, as a lookup. `present` makes a row a deed; `prepare` fetches for all
    shown rows of the trail together what `present` needs, and hands it to each.
    """

    name: str
    label: Any
    permission: str
    rows: Callable[[], QuerySet[Any]]
    at: str
    by: str
    number: str
    present: Callable[[Any, Any], Deed]
    by_account: bool = False
    prepare: Callable[[Sequence[Any]], Any] = lambda rows: None
    # What of it somebody may look at, beside the permission.
    sees: Callable[[Any], Q] = lambda user: Q()


@dataclass(frozen=True)
class Search:
    """What is asked for; empty is everything. `until` and `since` are a half-open interval."""

    actor: str = ""
    kind: str = ""
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Found:
    trail: Trail
    deed: Deed

    @property
    def before_after(self) -> list[tuple[Any, Any, Any]]:
        """Field, before and after; one row without a field where a deed says it in words."""
        before, after = self.deed.before, self.deed.after
        if isinstance(after, list):
            earlier = dict(before) if isinstance(before, list) else {}
            return [(field, earlier.get(field, ""), value) for field, value in after]
        return [("", before, after)] if before or after else []


def trails() -> list[Trail]:
    return [trail for path in settings.AUDIT_TRAILS for trail in import_string(path)]


def trails_for(user: Any) -> list[Trail]:
    return [trail for trail in trails() if user.has_perm(trail.permission)]


def search(*, user: Any, asked: Search, limit: int) -> list[Found]:
    """The newest deeds that `user` may look at, at most `limit`: one question for which they are, then a few for each
    trail among them."""
    chosen = [trail for trail in trails_for(user) if asked.kind in ("", trail.name)]
    parts = [
        _narrowed(trail, asked).filter(trail.sees(user)).annotate(trail_place=Value(place))
        for place, trail in enumerate(chosen)
    ]
    if not parts:
        return []
    newest = [
        part.order_by(f"-{trail.at}", "-pk").values_list("trail_place", "pk", trail.at)[:limit]
        for part, trail in zip(parts, chosen, strict=True)
    ]
    # The columns of a union are named by its first part.
    rows = sorted((row for row in newest[0].union(*newest[1:], all=True)), key=lambda row: row[2], reverse=True)[:limit]
    places: dict[int, list[Any]] = defaultdict(list)
    for place, pk, _at in rows:
        places[place].append(pk)
    deeds = {(place, pk): deed for place, pks in places.items() for pk, deed in _deeds(chosen[place], pks).items()}
    return [Found(chosen[place], deeds[place, pk]) for place, pk, _at in rows if (place, pk) in deeds]


def address_of(model: type[Any], pk: Any) -> str:
    """The object's page in the admin, where it has one."""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return ""


def _narrowed(trail: Trail, asked: Search) -> QuerySet[Any]:
    who = {f"{trail.by}__isnull": False} if trail.by_account else {f"{trail.by}__startswith": str(Actor.staff(""))}
    if asked.actor:
        who = {trail.by: asked.actor if trail.by_account else str(Actor.staff(asked.actor))}
    rows = trail.rows().filter(**who)
    if asked.since is not None:
        rows = rows.filter(**{f"{trail.at}__gte": asked.since})
    if asked.until is not None:
        rows = rows.filter(**{f"{trail.at}__lt": asked.until})
    return rows.filter(Q(**{trail.number: asked.number})) if asked.number else rows


def _deeds(trail: Trail, pks: Sequence[Any]) -> Mapping[Any, Deed]:
    rows = list(trail.rows().filter(pk__in=pks))
    known = trail.prepare(rows)
    return {row.pk: trail.present(row, known) for row in rows}
