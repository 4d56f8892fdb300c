"""Where compiled functions are kept, and what is said where nothing can be compiled."""

import subprocess
import sys

COUNT = """
from nearsight.hdnnp.kernels.neighbourhoods import _sorted_by_element
import numpy as np
one = np.zeros(1, dtype=np.int64)
print(_sorted_by_element(one, one, one, np.ones((1, 3)), np.full(1, 2.0))[4])
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_kernels_run_where_nothing_may_be_written(tmp_path):
    # a file where the folder would have to be: nobody, not even root, may write into it
    file = tmp_path / "file"
    file.write_text("")
    blocked = """
import numba.core.caching as caching
for name in dir(caching):
    locator = getattr(caching, name)
    if isinstance(locator, type) and hasattr(locator, "ensure_cache_path"):
        def refuse(self):
            raise PermissionError
        locator.ensure_cache_path = refuse
"""
    done = run(blocked + COUNT, NUMBA_CACHE_DIR=str(file))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[1.73205081]\n"


def test_without_numba_the_remedy_is_said():
    done = run("import sys; sys.modules['numba'] = None; import nearsight.hdnnp.kernels.evaluation")
    assert done.returncode != 0
    assert "nearsight.errors.InstallationError" in done.stderr
    assert "pip install 'nearsight[hdnnp]'" in done.stderr
