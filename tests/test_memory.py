"""Measured memory."""

from time import sleep

import numpy as np
import psutil
import pytest

from nearsight.memory import PeakMemory, default_memory_budget, measure

MB = 10**6


def take(megabytes: int) -> int:
    block = np.ones(megabytes * MB // 8)
    sleep(0.02)  # several samples
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
    memory = psutil.virtual_memory()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory._replace(available=1000))
    assert default_memory_budget("cpu") == 800
