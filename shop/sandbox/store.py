"""The sandbox's memory: one SQLite file in the state directory.

Owns the connection and the schema. All statements go through one connection under one lock, so a transaction is
also a critical section. Losing the last instants at a power cut is accepted, hence no fsync.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    openid TEXT PRIMARY KEY, session_key TEXT NOT NULL, phone TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, kind TEXT NOT NULL, openid TEXT NOT NULL, expires_at REAL NOT NULL,
    used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS access_tokens (
    token TEXT PRIMARY KEY, stable INTEGER NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, recipient TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS messages_recipient ON messages (kind, recipient, id);
CREATE INDEX IF NOT EXISTS messages_reference ON messages (json_extract(body, '$.reference'));
CREATE TABLE IF NOT EXISTS nonces (
    nonce TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonces_at ON nonces (at);
CREATE TABLE IF NOT EXISTS transactions (
    out_trade_no TEXT PRIMARY KEY, prepay_id TEXT NOT NULL UNIQUE, prepay_until REAL NOT NULL, request TEXT NOT NULL,
    description TEXT NOT NULL, total INTEGER NOT NULL, openid TEXT NOT NULL, attach TEXT NOT NULL,
    notify_url TEXT NOT NULL, expires_at REAL, state TEXT NOT NULL, created_at REAL NOT NULL,
    transaction_id TEXT UNIQUE, paid_at REAL);
CREATE INDEX IF NOT EXISTS transactions_paid ON transactions (paid_at);
CREATE TABLE IF NOT EXISTS refunds (
    out_refund_no TEXT PRIMARY KEY, refund_id TEXT NOT NULL UNIQUE, out_trade_no TEXT NOT NULL, request TEXT NOT NULL,
    amount INTEGER NOT NULL, notify_url TEXT NOT NULL, created_at REAL NOT NULL, outcome TEXT NOT NULL,
    settles_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS refunds_trade ON refunds (out_trade_no);
CREATE INDEX IF NOT EXISTS refunds_created ON refunds (created_at);
CREATE TABLE IF NOT EXISTS transfers (
    out_bill_no TEXT PRIMARY KEY, transfer_bill_no TEXT NOT NULL UNIQUE, package_info TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL, openid TEXT NOT NULL, amount INTEGER NOT NULL, notify_url TEXT NOT NULL,
    created_at REAL NOT NULL, confirm_until REAL NOT NULL, outcome TEXT NOT NULL, fail_reason TEXT NOT NULL,
    settles_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS alipay_trades (
    out_trade_no TEXT PRIMARY KEY, qr_code TEXT NOT NULL UNIQUE, request TEXT NOT NULL, subject TEXT NOT NULL,
    total INTEGER NOT NULL, notify_url TEXT NOT NULL, expires_at REAL NOT NULL, state TEXT NOT NULL,
    created_at REAL NOT NULL, trade_no TEXT UNIQUE, buyer_id TEXT, paid_at REAL);
CREATE INDEX IF NOT EXISTS alipay_trades_paid ON alipay_trades (paid_at);
CREATE TABLE IF NOT EXISTS alipay_refunds (
    out_trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount INTEGER NOT NULL, created_at REAL NOT NULL,
    settles_at REAL NOT NULL, PRIMARY KEY (out_trade_no, out_request_no));
CREATE INDEX IF NOT EXISTS alipay_refunds_settled ON alipay_refunds (settles_at);
CREATE TABLE IF NOT EXISTS bill_files (
    token TEXT PRIMARY KEY, content BLOB NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS shipping_infos (
    transaction_id TEXT PRIMARY KEY, mode INTEGER NOT NULL, kind INTEGER NOT NULL, parcels TEXT NOT NULL,
    finishes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS waybills (
    tracking_number TEXT PRIMARY KEY, reference TEXT NOT NULL UNIQUE, carrier TEXT NOT NULL, request TEXT NOT NULL,
    callback_url TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tracking_events (
    event_id TEXT PRIMARY KEY, tracking_number TEXT NOT NULL, sequence INTEGER NOT NULL, state TEXT NOT NULL,
    description TEXT NOT NULL, location TEXT NOT NULL, at REAL NOT NULL, UNIQUE (tracking_number, sequence));
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, lane TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, last_status INTEGER, due_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (due_at) WHERE state = 'pending';
"""

Value: TypeAlias = str | int | float | bytes | None


class Store:
    """One connection, one lock."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the statements inside one atomic step; an inner transaction joins the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, sql: str, *values: Value) -> int:
        """Execute one statement and return the number of rows it changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Value) -> int:
        """Insert one row and return its row id."""
        marks = ", ".join("?" * len(columns))
        with self._lock:
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values())
            )
            return cursor.lastrowid or 0

    def one(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()
