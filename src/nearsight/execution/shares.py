"""How the cores, the memory and the GPUs of a machine are divided among processes."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from nearsight.errors import MethodError
from nearsight.memory import Gpu, default_memory_budget, visible_gpus
from nearsight.resources import Resources


def _n_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Share:
    """What one process may use."""

    resources: Resources
    """All of its fields but the device are numbers."""
    variables: Mapping[str, str]
    """Environment variables that it starts with, since libraries look at them when loaded."""


@dataclass(frozen=True)
class Machine:
    """What there is to be divided; functions, since free memory must be that of the moment."""

    n_cores: Callable[[], int] = _n_cores
    gpus: Callable[[], Sequence[Gpu]] = visible_gpus
    free_bytes: Callable[[str], int] = default_memory_budget
    """Memory that may be used of a device."""


def shares(
    n: int, resources: Resources, device: str = "auto", machine: Machine | None = None
) -> tuple[Share, ...]:
    """Divide what may be used among processes.

    Cores and memory are divided evenly. What is left of the cores goes to the first processes, and
    none has less than one. Where the number of a GPU is not chosen, processes take the GPUs in
    turn, and see no other; memory is then that of the GPU, divided among the processes on it.

    Parameters
    ----------
    n
        Number of processes.
    resources
        What all of them together may use; what is None is the whole machine's.
    device
        The device of the model; ``auto`` is that of `resources`.
    machine
        What there is; by default this machine.

    Raises
    ------
    MethodError
        How much memory is free on a GPU cannot be found out.
    """
    machine = machine or Machine()
    device = (resources.device or "auto") if device == "auto" else device
    gpus = machine.gpus() if device in {"auto", "cuda"} else ()
    places = [gpus[index % len(gpus)] if gpus else None for index in range(n)]
    if resources.memory_bytes is not None:
        memory_bytes = [max(resources.memory_bytes // n, 1)] * n
    elif gpus:
        memory_bytes = _memory_on_gpus(places, device, machine)
    else:
        memory_bytes = [max(machine.free_bytes("cpu" if device == "auto" else device) // n, 1)] * n
    each, more = divmod(resources.cores or machine.n_cores(), n)
    divided = []
    for index, (place, own_bytes) in enumerate(zip(places, memory_bytes, strict=True)):
        cores = max(each + (index < more), 1)
        own = replace(resources, cores=cores, memory_bytes=own_bytes)
        visible = {"CUDA_VISIBLE_DEVICES": place.name} if place else {}
        divided.append(Share(own, own.thread_variables() | visible))
    return tuple(divided)


def _memory_on_gpus(places: Sequence[Gpu | None], device: str, machine: Machine) -> list[int]:
    on_gpus = [place.usable_bytes // places.count(place) for place in places if place is not None]
    if device == "cuda":
        return on_gpus
    # The model's framework may be built without GPUs, which only it knows.
    on_cpu = machine.free_bytes("cpu") // len(places)
    return [max(min(on_gpu, on_cpu), 1) for on_gpu in on_gpus]


def require_number(n: int) -> None:
    """Check a number of processes.

    Raises
    ------
    MethodError
        It is none.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise MethodError(f"`n` is {n!r}; a number of processes is a whole number from 1 on.")
