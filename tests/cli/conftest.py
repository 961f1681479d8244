"""One configuration for all tests that only look."""

import pytest

from tests.cli.kit import configure


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    return configure(tmp_path_factory.mktemp("structure"))
