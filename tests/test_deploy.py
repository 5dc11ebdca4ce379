"""What `deploy/` and `docs/operations.md` say is so.

Units start what there is, variables are those of the settings, and a dump of the shop is the shop.
"""

import configparser
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
import pytest
import yaml
from celery.bin.base import CLIContext
from celery.bin.celery import celery as celery_command
from django.conf import settings
from django.core.management import get_commands
from granian.cli import cli as granian_command
from psycopg2 import sql

from members.identity.tests.factories import MemberFactory
from orders.checkout.tests.making import buyer, ordered
from shop.catalog.tests.factories import SkuFactory
from shop.celery import app
from shop.core import metrics
from shop.core.jobs import declared_jobs
from shop.embedded.accounts import server_account
from shop.embedded.binaries import postgres_bin
from shop.embedded.ports import free_port
from shop.settings.queues import LONG_QUEUE, LONG_TASKS, SHORT_QUEUE

PROJECT = settings.BASE_DIR
DEPLOY, GUIDE = PROJECT / "deploy", PROJECT / "docs" / "operations.md"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# Of the demo and the tests, said elsewhere.
SAID_ELSEWHERE = {"PORT", "DEMO"}
NAME = re.compile(r"`([A-Z][A-Z0-9_]+)`")
START_SECONDS = 60


def unit_of(path: Path) -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path)
    assert unit.has_option("Unit", "Description")
    assert unit.has_option("Install", "WantedBy")
    return unit["Service"]


def command_of(path: Path, *, instance: str = "8001") -> list[str]:
    """What the unit starts, after the path of the program."""
    service = unit_of(path)
    return shlex.split(service["ExecStart"].replace("%%", "\0").replace("%i", instance).replace("\0", "%"))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_whose_options_there_are(path):
    program, *arguments = command_of(path)
    if program.endswith("/granian"):
        granian_command.make_context("granian", arguments)
    else:
        assert program.endswith("/celery")
        assert arguments[:2] == ["-A", "shop"]
        name, *options = arguments[2:]
        whole = celery_command.make_context("celery", ["-A", "shop", name])
        whole.obj = CLIContext(app=app, no_color=True, workdir=None)
        celery_command.commands[name].make_context(name, options, parent=whole)
    assert unit_of(path)["EnvironmentFile"] == "/etc/lantern/lantern.env"


def test_an_option_that_there_is_not_would_be_noticed():
    with pytest.raises(Exception, match="no-such-option"):
        granian_command.make_context("granian", ["--no-such-option", "shop.wsgi:application"])


def test_the_queues_of_the_workers_are_all_there_are():
    asked = [command_of(path) for path in UNITS if "worker" in command_of(path)]
    queues = [command[command.index("-Q") + 1] for command in asked]
    assert (
        sorted(queues) == sorted([SHORT_QUEUE, LONG_QUEUE]) == sorted(each.name for each in settings.CELERY_TASK_QUEUES)
    )


def test_long_tasks_are_named_by_what_there_is():
    names = [job.name for job in declared_jobs()]
    assert [pattern for pattern in LONG_TASKS if not any(fnmatch(name, pattern) for name in names)] == []


@pytest.fixture
def web(tmp_path, db) -> Iterator[str]:
    """The web server of the unit, on a port of its own, with the database of the tests."""
    port = free_port()
    [path] = [path for path in UNITS if path.stem == "lantern-web@"]
    _program, *arguments = command_of(path, instance=str(port))
    arguments[arguments.index("--metrics-port") + 1] = str(free_port())
    named = settings.DATABASES["default"]
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{named['NAME']}"
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "STATE_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "shop.settings.base",
    }
    process = subprocess.Popen([sys.executable, "-m", "granian", *arguments], cwd=PROJECT, env=env)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(40) == 0


def test_the_web_server_of_the_unit_answers_and_ends_in_order(web):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{web}/health/live", timeout=5) as answer:
                assert answer.status == 200
                return
        except (URLError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_nginx_asks_the_ports_of_the_web_servers_and_keeps_guarded_pictures_to_itself():
    text = (DEPLOY / "nginx" / "lantern.conf").read_text()
    assert text.count("{") == text.count("}")
    asked = re.findall(r"server 127\.0\.0\.1:(\d+)", text)
    assert [f"lantern-web@{port}" in GUIDE.read_text() for port in asked] == [True, True]
    [media] = re.findall(r"location /media/ \{\s+alias ([^;]+);", text)
    example = dict(
        line.split("=", 1) for line in (DEPLOY / "lantern.env.example").read_text().splitlines() if "=" in line
    )
    assert media.rstrip("/") == example["MEDIA_ROOT"]
    assert "guarded" not in text
    # One proxy adds one address.
    assert ("$proxy_add_x_forwarded_for" in text, example["TRUSTED_PROXY_COUNT"]) == (True, "1")


def test_the_pooler_leaves_nothing_to_a_session_that_the_shop_would_miss():
    pooler = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None, comment_prefixes=(";",))
    pooler.read(DEPLOY / "pgbouncer" / "pgbouncer.ini")
    assert pooler["pgbouncer"]["pool_mode"] == "transaction"
    assert "options" in pooler["pgbouncer"]["ignore_startup_parameters"]
    role = (DEPLOY / "pgbouncer" / "role.sql").read_text()
    sent = re.findall(r"-c (\w+)=", settings.DATABASES["default"]["OPTIONS"]["options"])
    # How prepared statements are planned is no matter where there are none.
    assert {name for name in sent if f"SET {name}" not in role} == {"plan_cache_mode"}


def test_behind_a_pooler_no_cursor_stays_on_the_server():
    code = (
        "from django.conf import settings as s;"
        "print(s.PREPARED_STATEMENTS, s.DATABASES['default']['DISABLE_SERVER_SIDE_CURSORS'])"
    )
    told = []
    for wanted in ("true", "false"):
        env = {**os.environ, "PREPARED_STATEMENTS": wanted, "DJANGO_SETTINGS_MODULE": "shop.settings.base"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, env=env, capture_output=True, text=True, check=True
        )
        told.append(done.stdout.split())
    assert told == [["True", "False"], ["False", "True"]]


def variables_of_the_settings() -> set[str]:
    source = (PROJECT / "shop" / "settings" / "base.py").read_text()
    return set(re.findall(r"env\.\w+\(\s*\"([A-Z][A-Z0-9_]+)\"", source))


def test_the_table_of_variables_is_that_of_the_settings():
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    told = {name for line in rows for name in NAME.findall(line.split("|")[1])}
    assert told - SAID_ELSEWHERE == variables_of_the_settings()


def test_the_example_names_variables_that_there_are():
    lines = (DEPLOY / "lantern.env.example").read_text().splitlines()
    assert {line.split("=")[0] for line in lines if line and not line.startswith("#")} <= variables_of_the_settings()


def test_commands_and_files_that_the_guide_names_exist():
    text = GUIDE.read_text()
    assert set(re.findall(r"manage\.py (\w+)", text)) <= set(get_commands())
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in linked if not (GUIDE.parent / target).exists()] == []


def test_alerts_ask_for_metrics_that_there_are(db):
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"lantern_\w+", rule["expr"])}
    told = {
        line.split()[2]
        for lines in (metrics._outbox(), metrics._jobs(), metrics._queues())
        for line in lines
        if line.startswith("# TYPE")
    }
    assert asked <= told


@pytest.mark.django_db(transaction=True)
def test_a_dump_that_is_restored_is_the_shop(tmp_path):
    """As docs/operations.md has it, with the programs of the bundled Postgres."""
    ordered(buyer(MemberFactory()), (SkuFactory(), 2))
    named = settings.DATABASES["default"]["NAME"]
    server, restored = os.environ["DATABASE_URL"].rpartition("/")[0], f"{named}_restored"
    programs = postgres_bin(server_account(tmp_path))
    dump = tmp_path / "lantern.dump"

    def run(program: str, *arguments: str | Path) -> None:
        done = subprocess.run([programs / program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    run("pg_dump", "--format=custom", f"--file={dump}", f"{server}/{named}")
    run("createdb", f"--maintenance-db={server}/{named}", restored)
    try:
        run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={server}/{restored}", dump)
        before, after = rows_of(f"{server}/{named}"), rows_of(f"{server}/{restored}")
        assert before["checkout_order"][0] >= 1
        assert after == before
    finally:
        run("dropdb", f"--maintenance-db={server}/{named}", restored)


def rows_of(url: str) -> dict[str, tuple[int, str]]:
    """Of each table how many rows it has, and one number that all of their contents make."""
    found = {}
    with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(
                sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(row::text, 0)), 0)::text FROM {} row").format(
                    sql.Identifier(table)
                )
            )
            found[table] = cursor.fetchone()
    return found
