"""The program ``nearsight``: interruptible before anything that takes long is imported."""

import sys
from typing import NoReturn

from nearsight.terminal.interruption import interruptible, status_of, tell


def enter() -> NoReturn:
    """Run the command line, and end the process with its exit status."""
    try:
        with interruptible(to_the_end=True):
            from nearsight.cli.main import main

            status = main()
    except KeyboardInterrupt as interruption:
        tell(interruption)
        status = status_of(interruption)
    sys.exit(status)
