"""One process works on a campaign at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nearsight.errors import StorageError
from nearsight.locking import hold_if_free, who_works_on


@contextmanager
def hold_campaign(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other processes from working on a campaign while the block runs.

    Within one process it may be held twice.

    Raises
    ------
    StorageError
        Another process works on it.
    """
    with hold_if_free(Path(path)) as free:
        if not free:
            holder = who_works_on(Path(path)) or "another process"
            raise StorageError(f"{path} is being worked on by {holder}; wait for its end.")
        yield
