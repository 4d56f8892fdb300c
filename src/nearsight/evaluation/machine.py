"""Which machine it was that numbers of speed and memory belong to."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil

from nearsight.records.described import Says

_CPU_FILE = Path("/proc/cpuinfo")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine on which a model was examined."""

    processor: Annotated[str, Says("Model of the processor.")]
    n_cores: Annotated[int, Says("Cores that the system shows.", "1")]
    memory_bytes: Annotated[int, Says("Memory that is there.", "byte")]
    system: Annotated[str, Says("Operating system and architecture.")]


def this_machine(cpu_file: Path = _CPU_FILE) -> Machine:
    """Return what this machine is."""
    return Machine(
        processor=_processor(cpu_file) or platform.processor() or "not known",
        n_cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.machine()}",
    )


def _processor(cpu_file: Path) -> str | None:
    """Return the name that Linux has for the processor."""
    try:
        lines = cpu_file.read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), None)
