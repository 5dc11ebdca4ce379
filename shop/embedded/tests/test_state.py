import stat

import pytest

from shop.embedded import state
from shop.embedded.errors import EmbeddedError
from shop.embedded.state import only_launcher, prepare_folder, secret, write_env


def test_second_launcher_is_refused_until_the_first_ends(state_dir):
    with only_launcher(state_dir), pytest.raises(EmbeddedError, match="already running"), only_launcher(state_dir):
        pass
    with only_launcher(state_dir):
        assert (state_dir / "lock").read_text().isdecimal()


def test_secrets_are_made_once_and_readable_by_nobody_else(state_dir):
    first = secret(state_dir, "postgres")
    assert secret(state_dir, "postgres") == first
    assert secret(state_dir, "redis") != first
    assert stat.S_IMODE((state_dir / "secrets").stat().st_mode) == 0o600


def test_env_file_is_readable_by_nobody_else(state_dir):
    write_env(state_dir, {"BASE_URL": "http://127.0.0.1:1", "DATABASE_URL": "postgres://x"})
    assert (state_dir / "env").read_text() == "BASE_URL=http://127.0.0.1:1\nDATABASE_URL=postgres://x\n"
    assert stat.S_IMODE((state_dir / "env").stat().st_mode) == 0o600


def test_state_folder_that_cannot_be_made_is_one_sentence(state_dir):
    (state_dir / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot be written: Not a directory. Set STATE_DIR"):
        prepare_folder(state_dir / "file" / "below")


def test_full_disk_is_one_sentence(state_dir, monkeypatch):
    monkeypatch.setattr(state, "NEEDED_BYTES", 2**60)
    with pytest.raises(EmbeddedError, match="MB left"):
        prepare_folder(state_dir)
