"""Measured memory."""

from collections.abc import Callable
from pathlib import Path
from time import sleep

import numpy as np
import psutil
import pytest

from nearsight import memory
from nearsight.errors import MethodError
from nearsight.memory import PeakMemory, default_memory_budget, gpu_name, measure

MB = 10**6


def take(megabytes: int) -> int:
    block = np.ones(megabytes * MB // 8)
    sleep(0.2)  # several samples, also on a machine that is busy
    return len(block)


def test_allocation_is_seen_even_if_it_is_freed_again() -> None:
    measured = measure(lambda: take(200), "cpu")
    assert measured.result == 200 * MB // 8
    assert 190 * MB < measured.peak_memory_bytes < 260 * MB
    assert measured.seconds >= 0.02


def test_second_allocation_is_not_hidden_by_the_first() -> None:
    peaks = [measure(lambda: take(100), "cpu").peak_memory_bytes for _ in range(3)]
    assert all(90 * MB < peak < 160 * MB for peak in peaks)


def test_measurements_may_be_nested() -> None:
    with PeakMemory("cpu") as outer:
        take(120)
        with PeakMemory("cpu") as inner:
            take(60)
    assert 50 * MB < inner.bytes < 100 * MB
    assert 110 * MB < outer.bytes < 200 * MB


def test_error_passes_through_and_the_sampling_ends() -> None:
    peak = PeakMemory("cpu")
    with pytest.raises(KeyError), peak:
        raise KeyError
    assert not peak._thread.is_alive()


def test_budget_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    found = psutil.virtual_memory()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: found._replace(available=1000))
    assert default_memory_budget("cpu") == 800


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function: put a shell script in the place of nvidia-smi, where PyTorch is not."""

    def answer(script: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)

    monkeypatch.setattr(memory.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return answer


ECHO_OF_GPU = 'for last; do :; done; echo "${last#--id=}000"'


def test_free_memory_of_a_gpu_without_pytorch(
    nvidia_smi: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    nvidia_smi(ECHO_OF_GPU)
    assert default_memory_budget("cuda") == 0
    assert default_memory_budget("cuda:1") == int(0.8 * 1000 * 2**20)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,5")
    assert default_memory_budget("cuda") == int(0.8 * 7000 * 2**20)
    assert default_memory_budget("cuda:1") == int(0.8 * 5000 * 2**20)
    with pytest.raises(MethodError, match="free on cuda:2 cannot be found out"):
        default_memory_budget("cuda:2")


def test_the_name_of_a_gpu_without_pytorch(
    nvidia_smi: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu_name("cuda") is None
    nvidia_smi('for last; do :; done; echo "GPU ${last#--id=}"')
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,5")
    assert gpu_name("cuda:1") == "GPU 5"
    assert gpu_name("cuda:2") is None


@pytest.mark.parametrize("script", ["exit 9", "echo [N/A]"])
def test_gpu_that_nobody_knows(nvidia_smi: Callable[[str], None], script: str) -> None:
    what = "PyTorch sees no GPU in this environment, and nvidia-smi gave no answer.*`memory_bytes`"
    with pytest.raises(MethodError, match=what):
        default_memory_budget("cuda")
    nvidia_smi(script)
    with pytest.raises(MethodError, match=what):
        default_memory_budget("cuda")


def test_gpu_that_this_process_does_not_use_takes_none_here() -> None:
    with PeakMemory("cuda") as peak:
        take(50)
    assert peak.bytes == 0
