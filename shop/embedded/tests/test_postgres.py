import os
import signal
import subprocess
import time
from contextlib import closing, suppress

import psycopg2
import pytest

from shop.embedded.errors import EmbeddedError
from shop.embedded.postgres import PostgresServer, clear_stale_lock


@pytest.fixture
def server(state_dir, account):
    server = PostgresServer(home=state_dir, log=state_dir / "logs" / "postgres.log", account=account, password="secret")
    yield server
    server.stop()


def ask(server, sql, database="lantern"):
    with closing(server.connect(database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_keeps_its_data_over_stop_and_start(server):
    server.start()
    ask(server, "CREATE TABLE tea (name text); INSERT INTO tea VALUES ('龙井')")
    server.stop()
    server.start()
    assert ask(server, "SELECT name FROM tea") == [("龙井",)]


def test_recovers_from_being_killed(server):
    server.start()
    ask(server, "CREATE TABLE tea (name text); INSERT INTO tea VALUES ('龙井')")
    port = server.port
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.start()
    assert ask(server, "SELECT name FROM tea") == [("龙井",)]
    assert server.port == port


def test_trigrams_know_chinese(server):
    server.start()
    ask(server, "CREATE EXTENSION pg_trgm")
    assert ask(server, "SELECT cardinality(show_trgm('龙井茶')) > 0") == [(True,)]


def test_listens_on_loopback_only_and_asks_for_the_password(server):
    server.start()
    assert ask(server, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert ask(server, "SHOW unix_socket_directories") == [("",)]
    server.password = "guessed"
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        server.connect()


def test_data_made_with_another_password_are_told_at_once(server):
    server.start()
    server.stop()
    server.password = "another"
    with pytest.raises(EmbeddedError, match="made with another password"):
        server.start()


def test_nothing_of_a_broken_initialisation_remains(server, state_dir):
    with pytest.raises(EmbeddedError, match="could not initialise"):
        server.initialise(programs_that_fail(state_dir))
    assert not server.data.exists()
    assert list(state_dir.glob("initdb-*")) == []


def programs_that_fail(folder):
    programs = folder / "bin"
    programs.mkdir(mode=0o755)
    for name in ("initdb", "postgres"):
        (programs / name).write_text("#!/bin/sh\necho 'error: no space' >&2; exit 1\n")
        (programs / name).chmod(0o755)
    return programs


def test_pid_file_of_a_dead_server_whose_number_lives_again(server, account):
    server.start()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    lock = server.data / "postmaster.pid"
    # Postgres believes in a number only when it belongs to a process of its own account.
    somebody = subprocess.Popen(["sleep", "60"], cwd="/", **account.run_as())
    lock.write_text("\n".join([str(somebody.pid), *lock.read_text().split("\n")[1:]]))
    try:
        server.start()
        assert ask(server, "SELECT 1") == [(1,)]
    finally:
        somebody.kill()
        somebody.wait()


def test_data_folder_in_use_is_left_alone(state_dir):
    lock = state_dir / "postmaster.pid"
    lock.write_text("1")
    holder = subprocess.Popen(["sleep", "60"], cwd=state_dir)
    try:
        with pytest.raises(EmbeddedError, match=f"process {holder.pid}"):
            clear_stale_lock(state_dir, patience=0.1)
        assert lock.exists()
    finally:
        holder.kill()
        holder.wait()
    clear_stale_lock(state_dir, patience=0.1)
    assert not lock.exists()


def test_data_of_another_version_are_refused(server):
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 9"):
        server.start()


def test_stop_ends_open_sessions_but_loses_no_commit(server):
    server.start()
    ask(server, "CREATE TABLE tea (name text)")
    open_session = server.connect()
    with open_session.cursor() as cursor:
        cursor.execute("INSERT INTO tea VALUES ('committed')")
        open_session.commit()
        cursor.execute("INSERT INTO tea VALUES ('open')")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10
    with suppress(psycopg2.Error):
        open_session.close()
    server.start()
    assert ask(server, "SELECT name FROM tea") == [("committed",)]
