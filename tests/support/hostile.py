"""What does something when it is unpickled, so that a test sees whether it was."""

import os
from collections.abc import Callable
from pathlib import Path


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self._trace),)
