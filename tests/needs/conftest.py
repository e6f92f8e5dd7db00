"""What the tests of needs share with those of the cache."""

from tests.cache.conftest import open_path

__all__ = ["open_path"]
