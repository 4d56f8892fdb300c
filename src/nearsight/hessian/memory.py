"""How much memory a piece of work takes, and how much there is."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

import psutil

from nearsight.allocation import return_freed_memory

Result = TypeVar("Result")

_SHARE_OF_AVAILABLE = 0.8
_SAMPLING_INTERVAL_S = 0.002


@dataclass(frozen=True)
class Measured(Generic[Result]):
    """A result with what it cost."""

    result: Result
    seconds: float
    peak_memory_bytes: int
    """Largest memory in use on top of what was in use before."""


def measure(work: Callable[[], Result], device: str) -> Measured[Result]:
    """Run `work` and return its result with wall time and peak memory on `device`."""
    with PeakMemory(device) as peak:
        start = perf_counter()
        result = work()
        seconds = perf_counter() - start
    return Measured(result, seconds, peak.bytes)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether PyTorch, JAX or Python ran out of memory.

    On a CPU PyTorch has no error for it, nor has JAX on any device.
    """
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "DefaultCPUAllocator" in str(error)
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def gibibytes(number_of_bytes: int) -> str:
    """Return an amount of memory for a message."""
    return f"{number_of_bytes / 2**30:.3g} GiB"


def default_memory_budget(device: str) -> int:
    """Return 80 % of the memory that is free on `device` now, in bytes."""
    if device.startswith("cuda"):
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        return int(free * _SHARE_OF_AVAILABLE)
    return_freed_memory()
    return int(psutil.virtual_memory().available * _SHARE_OF_AVAILABLE)


class PeakMemory:
    """Context that measures the peak memory of what runs inside it.

    On a GPU it asks PyTorch's allocator; on a CPU it samples the resident set from a thread,
    because the operating system keeps only one peak for the whole life of a process.
    """

    _on_gpu: ClassVar[list["PeakMemory"]] = []

    def __init__(self, device: str) -> None:
        self._device = device
        self._stop = threading.Event()
        self._process = psutil.Process()
        self._before = 0
        self._peak = 0

    @property
    def bytes(self) -> int:
        """Largest memory in use so far on top of what was in use before."""
        return max(self._peak - self._before, 0)

    def __enter__(self) -> Self:
        """Start measuring."""
        if self._device.startswith("cuda"):
            import torch

            self._note_gpu_peak()
            torch.cuda.reset_peak_memory_stats(self._device)
            self._before = self._peak = torch.cuda.memory_allocated(self._device)
            PeakMemory._on_gpu.append(self)
        else:
            return_freed_memory()
            self._before = self._peak = self._process.memory_info().rss
            self._thread = threading.Thread(target=self._sample, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop measuring."""
        if self._device.startswith("cuda"):
            self._note_gpu_peak()
            PeakMemory._on_gpu.remove(self)
        else:
            self._stop.set()
            self._thread.join()
            self._peak = max(self._peak, self._process.memory_info().rss)

    def _note_gpu_peak(self) -> None:
        # PyTorch keeps one peak: tell it to every measurement that is running before it is reset.
        import torch

        peak = torch.cuda.max_memory_allocated(self._device)
        for running in PeakMemory._on_gpu:
            running._peak = max(running._peak, peak)

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLING_INTERVAL_S):
            self._peak = max(self._peak, self._process.memory_info().rss)
