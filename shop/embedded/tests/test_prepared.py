import os

import pytest
from django.db import connection

from shop.embedded.prepared import is_prepared, mark_of, remember


@pytest.fixture
def database_url(db):
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)


def test_a_database_remembers_what_prepared_it(database_url, tmp_path):
    mark = mark_of(size="small")
    assert not is_prepared(database_url=database_url, mark=mark, static_files=tmp_path)
    remember(database_url=database_url, mark=mark)
    assert is_prepared(database_url=database_url, mark=mark, static_files=tmp_path)
    assert not is_prepared(database_url=database_url, mark=mark_of(size="full"), static_files=tmp_path)
    assert not is_prepared(database_url=database_url, mark=mark, static_files=tmp_path / "gone")


def test_a_changed_source_changes_the_mark():
    before = mark_of(size="small")
    assert before == mark_of(size="small")
    here = os.stat(__file__)
    os.utime(__file__, ns=(here.st_atime_ns, here.st_mtime_ns + 1))
    try:
        assert mark_of(size="small") != before
    finally:
        os.utime(__file__, ns=(here.st_atime_ns, here.st_mtime_ns))
