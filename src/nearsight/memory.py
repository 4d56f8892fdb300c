"""How much memory a piece of work takes, and how much there is.

A model may live in a process of its own (`nearsight.models.worker`). What it takes there is counted
too: while something is measured here, workers measure as well and `note_worker` takes their word.
"""

import errno
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

import psutil

from nearsight.allocation import return_freed_memory
from nearsight.errors import MemoryBudgetError, MethodError

Result = TypeVar("Result")

_SHARE_OF_AVAILABLE = 0.8
_SAMPLING_INTERVAL_S = 0.002
_NVIDIA_SMI_TIMEOUT_S = 30
_WORDS_WITHOUT_MEMORY = (
    "DefaultCPUAllocator",
    "RESOURCE_EXHAUSTED",
    "failed to map segment from shared object",
    "can't start new thread",
    "CUDA error: out of memory",
)
_ALWAYS_THERE = 2**26  # asking the system how much is free takes longer than filling so little
_BEYOND_ALL = 10**300  # near the largest number that can be told in GiB

_GIVERS: list[Callable[[], None]] = []


@dataclass(frozen=True)
class Measured(Generic[Result]):
    """A result with what it cost."""

    result: Result
    seconds: float
    peak_memory_bytes: int
    """Largest memory in use on top of what was in use before."""


class Meter:
    """The clock and the measure of memory by which it is decided how something is computed.

    Verbs take one, by default the real one (`METER`); another one decides by times and amounts of
    its own.
    """

    def now(self) -> float:
        """Return the time in seconds since whenever."""
        return perf_counter()

    def peak_memory(self, device: str) -> "PeakMemory":
        """Return the context that measures the peak memory on `device`."""
        return PeakMemory(device)

    def measure(self, work: Callable[[], Result], device: str) -> Measured[Result]:
        """Run `work` and return its result with wall time and peak memory on `device`."""
        with self.peak_memory(device) as peak:
            start = self.now()
            result = work()
            seconds = self.now() - start
        return Measured(result, seconds, peak.bytes)


METER = Meter()


def measure(work: Callable[[], Result], device: str) -> Measured[Result]:
    """Run `work` and return its result with wall time and peak memory on `device`."""
    return METER.measure(work, device)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether PyTorch, JAX, Python or the system ran out of memory.

    On a CPU PyTorch has no error for it, nor has JAX on any device, nor the loader of libraries.
    """
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or any(words in str(error) for words in _WORDS_WITHOUT_MEMORY)
    )


@contextmanager
def refusing_out_of_memory(where: Callable[[], str], remedy: str) -> Iterator[None]:
    """Say what memory ran out in, and what takes less, in place of a library's own words.

    Parameters
    ----------
    where
        Called when it has run out: completes “memory ran out”.
    remedy
        What to do, as a sentence.

    Raises
    ------
    MemoryBudgetError
        Memory ran out inside; other errors pass.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryBudgetError(f"memory ran out {where()}. {remedy}") from error


def out_of_memory_message(error: BaseException) -> str:
    """Return what to tell a user whose process got no more memory."""
    said = str(error) or type(error).__name__
    return (
        f"the memory that this process may use is spent ({said}); take a smaller cell, supercell "
        f"or mesh, or let it have more (`ulimit -v`, other programs)."
    )


def gibibytes(number_of_bytes: int) -> str:
    """Return an amount of memory for a message."""
    return f"{min(number_of_bytes, _BEYOND_ALL) / 2**30:.3g} GiB"


def require_room(
    needed_bytes: int, what: str, remedy: str, *, budget_bytes: int | None = None
) -> None:
    """Check that something fits into the memory before it is built.

    Parameters
    ----------
    needed_bytes
        What it is predicted to take; a Python integer, so that no size is too large to be told.
    what
        What it is, with its size, as the subject of the message.
    remedy
        What to do instead, as a sentence.
    budget_bytes
        Memory that may be used; by default 80 % of what is free now.

    Raises
    ------
    MemoryBudgetError
        It does not fit.
    """
    if budget_bytes is None:
        if needed_bytes <= _ALWAYS_THERE:
            return
        budget_bytes = default_memory_budget("cpu")
    if needed_bytes > budget_bytes:
        raise MemoryBudgetError(
            f"{what} would take {gibibytes(needed_bytes)} of memory, more than the budget of "
            f"{gibibytes(budget_bytes)}. {remedy}"
        )


def default_memory_budget(device: str) -> int:
    """Return 80 % of the memory that is free on `device` now, in bytes.

    On a CPU, freed memory that this process or a worker has kept is given back first.

    Raises
    ------
    MethodError
        The device is a GPU that neither PyTorch nor ``nvidia-smi`` knows here.
    """
    if device.startswith("cuda"):
        return int(_free_on_gpu(device) * _SHARE_OF_AVAILABLE)
    return_freed_memory()
    for give_back in _GIVERS:
        give_back()
    free = min(psutil.virtual_memory().available, _address_space_left())
    return int(free * _SHARE_OF_AVAILABLE)


def _address_space_left() -> float:
    """Return what ``ulimit -v`` leaves to this process, in bytes; infinity without a limit."""
    try:
        import resource
    except ImportError:  # a system without such limits
        return float("inf")
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return float("inf")
    return max(limit - int(psutil.Process().memory_info().vms), 0)


@dataclass(frozen=True)
class Gpu:
    """A GPU that processes started here can use."""

    name: str
    """What ``CUDA_VISIBLE_DEVICES`` calls it."""
    usable_bytes: int
    """80 % of its memory that was free."""


def visible_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs that ``nvidia-smi`` knows and ``CUDA_VISIBLE_DEVICES`` leaves visible.

    No framework is loaded, which would take memory of a GPU for itself.
    """
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    asked = () if chosen is None else tuple(name for name in chosen.split(",") if name)
    if chosen is not None and not asked:
        return ()
    try:
        lines = _ask_nvidia_smi("uuid,memory.free", asked).splitlines()
        free = [int(line.rpartition(",")[2]) * 2**20 for line in lines]
    except (OSError, subprocess.SubprocessError, ValueError):  # no such program, no such GPU
        return ()
    names = asked or tuple(line.partition(",")[0] for line in lines)
    return tuple(
        Gpu(name, int(each * _SHARE_OF_AVAILABLE)) for name, each in zip(names, free, strict=False)
    )


def give_back_by(giver: Callable[[], None]) -> None:
    """Have `giver` called before free memory is looked at: it gives back what workers have kept."""
    _GIVERS.append(giver)


def _free_on_gpu(device: str) -> int:
    if importlib.util.find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return int(torch.cuda.mem_get_info(device)[0])
    try:
        return int(_ask_nvidia_smi("memory.free", [_number_of(device)])) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise MethodError(
            f"how much memory is free on {device} cannot be found out: PyTorch sees no GPU in this "
            f"environment, and nvidia-smi gave no answer ({error}). Set `memory_bytes`."
        ) from error


def gpu_name(device: str) -> str | None:
    """Return what a GPU is called, also one of a model in another process; None if not known.

    PyTorch is asked where it computes, and loaded by nobody: it would take memory of the GPU.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return str(torch.cuda.get_device_name(device))
    try:
        return _ask_nvidia_smi("name", [_number_of(device)]).strip() or None
    except (OSError, subprocess.SubprocessError, IndexError):
        return None


def _number_of(device: str) -> str:
    """Return what ``nvidia-smi`` calls a GPU; an `IndexError` is one that is not visible."""
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    number = int(device.partition(":")[2] or 0)
    return visible[number] if visible else str(number)


def _ask_nvidia_smi(fields: str, gpus: Sequence[str] = ()) -> str:
    """Return fields of GPUs, a line each, amounts of memory in MiB."""
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    if gpus:
        command.append(f"--id={','.join(gpus)}")
    answer = subprocess.run(
        command, capture_output=True, check=True, text=True, timeout=_NVIDIA_SMI_TIMEOUT_S
    )
    return answer.stdout


class PeakMemory:
    """Context that measures the peak memory of what runs inside it, here and in workers.

    On a GPU it asks PyTorch's allocator; on a CPU it samples the resident set from a thread,
    because the operating system keeps only one peak for the whole life of a process.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, ``cuda:1`` and so on.
    give_back
        Whether freed memory is given back to the system first. Left out, it may be taken for
        memory in use; what is measured is not slowed down by taking it anew.
    """

    _running: ClassVar[list["PeakMemory"]] = []
    _n_started: ClassVar[int] = 0

    def __init__(self, device: str, *, give_back: bool = True) -> None:
        self._on_gpu = device.startswith("cuda")
        self._device = device
        self._give_back = give_back
        self._stop = threading.Event()
        self._process = psutil.Process()
        self._of_workers: dict[int, tuple[int, int]] = {}
        self.before = 0
        """Memory of this process in use before, in bytes."""
        self.peak = 0
        """Largest memory of this process in use so far, in bytes."""

    @property
    def bytes(self) -> int:
        """Largest memory in use so far on top of what was in use before, workers included."""
        of_workers = sum(peak - before for before, peak in self._of_workers.values())
        return max(self.peak - self.before, 0) + of_workers

    def __enter__(self) -> Self:
        """Start measuring."""
        if self._on_gpu:
            if cuda := _cuda_in_use():
                self._note_gpu_peak(cuda)
                cuda.reset_peak_memory_stats(self._device)
                self.before = self.peak = cuda.memory_allocated(self._device)
        else:
            if self._give_back:
                return_freed_memory()
            self.before = self.peak = self._process.memory_info().rss
            self._thread = threading.Thread(target=self._sample, daemon=True)
            self._thread.start()
        PeakMemory._running.append(self)
        PeakMemory._n_started += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop measuring."""
        if self._on_gpu:
            if cuda := _cuda_in_use():
                self._note_gpu_peak(cuda)
        else:
            self._stop.set()
            self._thread.join()
            self.peak = max(self.peak, self._process.memory_info().rss)
        PeakMemory._running.remove(self)

    def _note_gpu_peak(self, cuda: Any) -> None:
        # PyTorch keeps one peak: tell it to every measurement that is running before it is reset.
        peak = cuda.max_memory_allocated(self._device)
        for running in PeakMemory._running:
            if running._on_gpu:
                running.peak = max(running.peak, peak)

    def _note_worker(self, process: int, before: int, peak: int) -> None:
        first, largest = self._of_workers.get(process, (before, peak))
        self._of_workers[process] = first, max(largest, peak)

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLING_INTERVAL_S):
            self.peak = max(self.peak, self._process.memory_info().rss)


def latest_measurement() -> int | None:
    """Return the number of the measurement that began last; None if none is running."""
    return PeakMemory._n_started if PeakMemory._running else None


def note_worker(process: int, device: str, before: int, peak: int) -> None:
    """Tell every running measurement what a worker took.

    Parameters
    ----------
    process
        The worker's process id. What each takes on top of its first `before` is added up.
    device
        Where the memory is; measurements of the other kind of device take no notice.
    before, peak
        Bytes in use before a piece of work, and at most while it was done.
    """
    for running in list(PeakMemory._running):
        if running._on_gpu == device.startswith("cuda"):
            running._note_worker(process, before, peak)


def _cuda_in_use() -> Any:
    """Return `torch.cuda` if this process uses a GPU: asking would otherwise take some of it."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
