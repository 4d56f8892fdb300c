"""Which build of PyTorch suits the machine."""

import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_PATIENCE_S = 3


@dataclass(frozen=True)
class TorchChoice:
    """Where PyTorch is to come from."""

    index: str | None
    """Package index to ask as well; None for those that the installer is configured with."""
    reason: str
    for_gpu: bool = False


def choose_torch() -> TorchChoice:
    """Return the ordinary wheel for a machine with an NVIDIA GPU, else that for CPUs.

    Where the index of wheels for CPUs does not answer, the installer's own configuration decides.
    """
    if sys.platform != "linux":
        return TorchChoice(None, "the only wheel for this operating system")
    if _has_nvidia_driver():
        return TorchChoice(None, "the ordinary wheel, for the NVIDIA GPU here", for_gpu=True)
    if _answers(f"{CPU_INDEX}/"):
        return TorchChoice(CPU_INDEX, "the wheel for CPUs, as no NVIDIA driver answers")
    return TorchChoice(
        None,
        f"what the installer's configuration gives: no NVIDIA driver answers, and neither does "
        f"{CPU_INDEX}",
    )


def _has_nvidia_driver() -> bool:
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        asked = subprocess.run(
            [program, "--list-gpus"], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and b"GPU" in asked.stdout


def _answers(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S):
            return True
    except OSError:  # no network, no name, no such page
        return False
