import pytest

from tests.support.definitions import Definitions


@pytest.fixture
def followed(made: Definitions) -> Definitions:
    """Definitions with streams, whose records reach only the changes function."""
    made.follow_streams()
    return made
