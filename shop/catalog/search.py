"""Search in Chinese and English over Postgres full text, with words cut by jieba.

A product's vector holds the words of its name and codes (weight A), brand and categories (B), subtitle (C) and
description (D). Of the short texts it also holds every Chinese character at its position, so that any run of
characters is found as a phrase, however the cutter would cut it, and the beginnings of every Latin word. (Postgres
could match beginnings itself, but then it guesses that they match one row in fifty, and plans rare words badly.)

Vectors and queries are written as Postgres literals here, so that matching does not depend on the database's locale.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import rjieba
from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.search import SearchQuery
from django.db import connection

from shop.catalog.models import Category, Product

MAX_QUERY_WORDS = 16
MAX_WORD_LENGTH = 60
SHORTEST_BEGINNING, LONGEST_BEGINNING = 2, 24
MAX_DESCRIPTION = 5_000
# Limits of Postgres: a position beyond the last is kept as the last, and a word has at most so many positions.
LAST_POSITION, POSITIONS_PER_WORD = 16_383, 255

_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<word>[^\W_{_HAN}]+(?:[-._/+]+[^\W_{_HAN}]+)*)")
_SEPARATORS = re.compile(r"[-._/+]+")


class LexemeQuery(SearchQuery):
    """A `tsquery` that is written out already."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return super().as_sql(*args, **{**kwargs, "template": "%(expressions)s::tsquery"})


def search_query(text: str) -> LexemeQuery | None:
    """What a shopper typed, as a query that wants all of its words; None when there is no word in it."""
    terms: dict[str, None] = {}
    for run in _RUNS.finditer(_normal(text)):
        if run["word"]:
            terms[_quoted(run["word"][:MAX_WORD_LENGTH])] = None
        else:
            terms |= dict.fromkeys(_han_term(word) for word in rjieba.cut(run["han"]))
    return LexemeQuery(" & ".join(list(terms)[:MAX_QUERY_WORDS])) if terms else None


def index_products(*, product_ids: Iterable[int]) -> None:
    """Write the search vectors of these products; inside the caller's transaction, after their text has changed."""
    rows: list[Any] = list(
        Product.objects.filter(pk__in=set(product_ids))
        .annotate(sku_codes=ArrayAgg("skus__code", default=[]))
        .order_by("pk")
        .values_list(
            "pk",
            "code",
            "name",
            "name_en",
            "subtitle",
            "description",
            "brand__name",
            "brand__name_en",
            "category__path",
            "sku_codes",
            named=True,
        )
    )
    categories = {
        path: f"{name} {name_en}" for path, name, name_en in Category.objects.values_list("path", "name", "name_en")
    }
    vectors = [_vector_of(row, categories) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product p SET search_vector = w.vector::tsvector"
            " FROM unnest(%s::bigint[], %s::text[]) AS w(id, vector) WHERE p.id = w.id",
            [[row.pk for row in rows], vectors],
        )


def _vector_of(row: Any, categories: Mapping[str, str]) -> str:
    step = Category.steplen
    branch = [row.category__path[:end] for end in range(step, len(row.category__path) + 1, step)]
    return vector(
        [
            ("A", row.name),
            ("A", row.name_en),
            ("A", " ".join([row.code, *filter(None, row.sku_codes)])),
            ("B", f"{row.brand__name or ''} {row.brand__name_en or ''}"),
            ("B", " ".join(categories.get(path, "") for path in branch)),
            ("C", row.subtitle),
            ("D", row.description[:MAX_DESCRIPTION]),
        ]
    )


def vector(texts: Sequence[tuple[str, str]]) -> str:
    """The `tsvector` literal of (weight, text) pairs."""
    places: dict[str, list[str]] = defaultdict(list)
    start = 1
    for weight, text in texts:
        normal = _normal(text)
        for word, offset in _words(normal, in_parts=weight != "D"):
            if len(places[word]) < POSITIONS_PER_WORD:
                places[word].append(f"{min(start + offset, LAST_POSITION)}{weight}")
        start += len(normal) + 2
    return " ".join(f"{_quoted(word)}:{','.join(positions)}" for word, positions in places.items())


def _words(text: str, *, in_parts: bool) -> Iterator[tuple[str, int]]:
    """The words of `text` and where they stand; `in_parts` adds single characters and the beginnings of Latin words."""
    for run in _RUNS.finditer(text):
        if run["word"]:
            yield from ((word, run.start()) for word in _latin(run["word"], in_parts=in_parts))
            continue
        for word, begin, _end in rjieba.tokenize(run["han"], "search"):
            if len(word) > 1:
                yield word, run.start() + begin
        if in_parts:
            yield from ((character, run.start() + i) for i, character in enumerate(run["han"]))


def _latin(run: str, *, in_parts: bool) -> list[str]:
    """`x-100` → `x-100`, `x`, `100`, and in parts also `x-1`, `x-10`, `10`."""
    words = dict.fromkeys(word[:MAX_WORD_LENGTH] for word in [run, *_SEPARATORS.split(run)])
    if in_parts:
        for word in list(words):
            ends = range(SHORTEST_BEGINNING, min(len(word), LONGEST_BEGINNING + 1))
            words |= dict.fromkeys(word[:end] for end in ends if word[end - 1].isalnum())
    return list(words)


def _han_term(word: str) -> str:
    """A word as the cutter knows it, or its characters one after the other where it was cut in another way."""
    if len(word) == 1:
        return _quoted(word)
    return f"({_quoted(word)} | {' <-> '.join(_quoted(character) for character in word)})"


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _quoted(word: str) -> str:
    return f"'{word}'"
