"""What one calculation may use of a machine, as a value that is handed down to it."""

import os
import sys
from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import POSITIVE, Help, Settings

_OF_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Resources(Settings):
    """Cores, memory and device; what is None is the whole machine's.

    They decide how fast something is computed and never what comes out, so that they belong to no
    fingerprint. Several processes on one machine need their shares said here: each would plan with
    most of its memory otherwise.

    Examples
    --------
    >>> from nearsight.resources import Resources
    >>> half = Resources(cores=1, memory_bytes=4 * 2**30)
    >>> half.usable_cores
    1
    """

    cores: Annotated[
        int | None,
        Help("processor cores that may be used (default: what the libraries take)", "N"),
        POSITIVE,
    ] = None
    memory_bytes: Annotated[
        int | None, Help("memory that may be used (default: 80 % of what is free)"), POSITIVE
    ] = None
    device: Annotated[
        str | None, Help("what a model's device `auto` is (default: a GPU if there is one)")
    ] = None

    def limit_threads(self) -> None:
        """Let this process, and those that it starts, use no more threads than cores.

        Libraries take numbers of threads from the environment when they are loaded; those that are
        loaded already are told.
        """
        if self.cores is None:
            return
        os.environ.update(self.thread_variables())
        n_threads = self.usable_cores
        if "numpy" in sys.modules:
            from threadpoolctl import threadpool_limits

            threadpool_limits(n_threads)
        if (torch := sys.modules.get("torch")) is not None:
            torch.set_num_threads(n_threads)

    def thread_variables(self) -> dict[str, str]:
        """Return the environment variables that limit the threads of a process from its start."""
        if self.cores is None:
            return {}
        return dict.fromkeys(_OF_THREADS, str(self.usable_cores))

    @property
    def usable_cores(self) -> int:
        """Cores that are used: those that may be, but no more than there are."""
        there = os.cpu_count() or 1
        return there if self.cores is None else min(self.cores, there)
