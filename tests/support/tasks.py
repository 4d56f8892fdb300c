"""Tasks that tests give to executors; other processes import them from here."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.emt import EMT

from nearsight.errors import MethodError, NearsightWarning, SettingError
from nearsight.execution import current_model, current_resources, tell
from nearsight.remarks import Remark


def square(number: float) -> float:
    return number * number


def square_later(number: float, seconds: float) -> float:
    time.sleep(seconds)
    return number * number


def square_and_tell(number: float) -> float:
    """Tell a number before its square is returned."""
    tell({"number": number, "pid": os.getpid()})
    return number * number


def pid() -> int:
    return os.getpid()


def pid_later(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def nap(seconds: float, note: str) -> None:
    """Write the id of this process into a file, and sleep."""
    Path(note).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(seconds)


def nap_with_a_child(seconds: float, note: str) -> None:
    """Write the id of a process that is started here, which sleeps as this one does."""
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    Path(note).write_text(str(child.pid), encoding="ascii")
    time.sleep(seconds)


def compute_without_end(note: str) -> None:
    """Keep the processor and Python's lock busy."""
    Path(note).write_text(str(os.getpid()), encoding="ascii")
    while True:
        sum(range(10_000))


def die(number: int) -> None:
    os.kill(os.getpid(), number)
    signal.pause()


def outlive(note: str, n_deaths: int, number: int) -> int:
    """Die so many times by a signal, with a line in a file each time; return how often by then."""
    file = Path(note)
    before = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    if len(before) == n_deaths:
        return n_deaths
    with file.open("a", encoding="ascii") as lines:
        lines.write("died\n")
    die(number)
    return -1


def read_nowhere() -> None:
    ctypes.string_at(0)


def leave(status: int) -> None:
    sys.stdout.write("these were the last words\n")
    sys.exit(status)


class UnusualError(Exception):
    """Cannot be rebuilt from its message alone."""

    def __init__(self, number: int, word: str) -> None:
        super().__init__(f"{number} times {word}")


def fail(kind: str) -> None:
    if kind == "setting":
        raise SettingError("`step_A` is -1; it must be positive.", "rows.step_A")
    if kind == "method":
        raise MethodError("not possible")
    if kind == "defect":
        raise ZeroDivisionError("division by zero")
    if kind == "memory":
        raise MemoryError("no more")
    raise UnusualError(3, "no")


def remark(sentence: str) -> str:
    warnings.warn(Remark("unrelaxed", sentence), NearsightWarning, stacklevel=1)
    return sentence


def warn_and_fail(sentence: str) -> None:
    warnings.warn(sentence, RuntimeWarning, stacklevel=1)
    raise MethodError("after a warning")


def log(level: int, message: str) -> None:
    logging.getLogger("nearsight.of_a_task").log(level, "%s", message)


def not_to_be_sent() -> Any:
    return threading.Lock()


@dataclass(frozen=True)
class Grudging:
    """Can be sent, and not be read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return square, ("no number",)


def grudging() -> Grudging:
    return Grudging()


class CountedEMT(EMT):
    """Leaves a line with the id of its process in a file for each time that it is made."""

    def __init__(self, note: str) -> None:
        with Path(note).open("a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        super().__init__()


def energy(atoms: Atoms, seconds: float = 0.0) -> tuple[int, float]:
    """Return this process and the energy of the current model."""
    time.sleep(seconds)
    return os.getpid(), float(current_model().evaluate([atoms])[0].energy_eV)


def share(seconds: float = 0.0) -> dict[str, Any]:
    """Return what this process may use, and what libraries make of it."""
    time.sleep(seconds)
    from threadpoolctl import threadpool_info

    resources = current_resources()
    return {
        "pid": os.getpid(),
        "resources": resources,
        "variables": {
            name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
        },
        "pools": [pool["num_threads"] for pool in threadpool_info()],
    }


def is_imported(name: str) -> bool:
    return name in sys.modules


def folder() -> str:
    return str(Path.cwd())


def relax_and_compute(source: str) -> Any:
    """Return the record of a heat capacity, as campaigns ask for it."""
    from nearsight.vibrations.settings import PhononSettings
    from nearsight.workflows import HeatCapacitySettings, heat_capacity

    settings = HeatCapacitySettings(spectrum="mesh", phonons=PhononSettings(mesh=(4, 4, 4)))
    return heat_capacity(source, current_model(), settings, resources=current_resources())
