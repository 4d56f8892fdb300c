"""Shares of the machine: nothing is given twice, and nothing is left."""

from collections import Counter

import pytest

from nearsight.errors import MethodError
from nearsight.execution.shares import Machine, require_number, shares
from nearsight.memory import Gpu
from nearsight.resources import Resources

GPUS = (Gpu("GPU-a", 6_000), Gpu("GPU-b", 9_000))


def machine(n_cores: int = 8, gpus: tuple[Gpu, ...] = (), free_bytes: int = 1_000) -> Machine:
    return Machine(lambda: n_cores, lambda: gpus, lambda _device: free_bytes)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("cores", [7, 8, 64])
def test_shares_are_the_whole(n: int, cores: int) -> None:
    given = Resources(cores=cores, memory_bytes=10_000)
    own = [share.resources for share in shares(n, given, machine=machine())]
    assert sum(resources.cores or 0 for resources in own) == cores
    assert max(each.cores or 0 for each in own) - min(each.cores or 0 for each in own) <= 1
    total = sum(resources.memory_bytes or 0 for resources in own)
    assert 10_000 - n < total <= 10_000


def test_what_is_not_said_is_the_whole_machine() -> None:
    divided = shares(4, Resources(), machine=machine(n_cores=10, free_bytes=999))
    assert [share.resources.cores for share in divided] == [3, 3, 2, 2]
    assert [share.resources.memory_bytes for share in divided] == 4 * [249]


def test_more_processes_than_cores_have_one_each() -> None:
    divided = shares(3, Resources(cores=2), machine=machine())
    assert [share.resources.cores for share in divided] == [1, 1, 1]


def test_threads_are_limited_before_libraries_are_loaded() -> None:
    (share,) = shares(1, Resources(cores=1), machine=machine())
    assert share.variables["OMP_NUM_THREADS"] == "1"
    assert share.variables["MKL_NUM_THREADS"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in share.variables


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_gpus_are_taken_in_turn(device: str) -> None:
    divided = shares(3, Resources(), device, machine(gpus=GPUS, free_bytes=9_000))
    visible = [share.variables["CUDA_VISIBLE_DEVICES"] for share in divided]
    assert visible == ["GPU-a", "GPU-b", "GPU-a"]
    # 6,000 for two, 9,000 for one; where a model may run on the CPU in the end, 3,000 for each
    expected = [3_000, 9_000, 3_000] if device == "cuda" else 3 * [3_000]
    assert [share.resources.memory_bytes for share in divided] == expected


def test_one_gpu_is_shared() -> None:
    divided = shares(2, Resources(device="cuda"), machine=machine(gpus=GPUS[:1]))
    assert Counter(share.variables["CUDA_VISIBLE_DEVICES"] for share in divided) == {"GPU-a": 2}
    assert [share.resources.memory_bytes for share in divided] == [3_000, 3_000]


@pytest.mark.parametrize(("model", "resources"), [("cuda:1", None), ("auto", "cuda:1")])
def test_chosen_gpu_is_that_of_all(model: str, resources: str | None) -> None:
    divided = shares(2, Resources(device=resources), model, machine(gpus=GPUS, free_bytes=800))
    assert all("CUDA_VISIBLE_DEVICES" not in share.variables for share in divided)
    assert [share.resources.memory_bytes for share in divided] == [400, 400]
    assert {share.resources.device for share in divided} == {resources}


def test_model_on_a_cpu_takes_no_gpu() -> None:
    divided = shares(2, Resources(device="cuda"), "cpu", machine(gpus=GPUS, free_bytes=800))
    assert all("CUDA_VISIBLE_DEVICES" not in share.variables for share in divided)
    assert [share.resources.memory_bytes for share in divided] == [400, 400]


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_number_of_processes_is_a_number(n: int) -> None:
    with pytest.raises(MethodError, match=r"`n` is .*whole number from 1 on"):
        require_number(n)
