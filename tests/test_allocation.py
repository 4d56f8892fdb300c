"""Memory that a process keeps for arrays to come, and gives back when asked."""

import subprocess
import sys

import pytest

CODE = """
import numpy as np, psutil
from nearsight.allocation import allocate_for_speed, return_freed_memory
size = 200 * 2**20
def in_use():
    return psutil.Process().memory_info().rss
{prepare}
before = in_use()
array = np.ones(size // 8)
del array
freed = in_use()
return_freed_memory()
print((freed - before) / size, (in_use() - before) / size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has the settings")
@pytest.mark.parametrize(("prepare", "kept"), [("", 0.0), ("allocate_for_speed()", 1.0)])
def test_freed_memory_is_kept_until_it_is_given_back(prepare: str, kept: float) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(prepare=prepare)],
        check=True,
        capture_output=True,
        text=True,
    )
    after_deleting, after_returning = map(float, done.stdout.split())
    assert after_deleting == pytest.approx(kept, abs=0.05)
    assert after_returning == pytest.approx(0.0, abs=0.05)
