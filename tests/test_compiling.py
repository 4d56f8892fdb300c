"""Where compiled functions are kept, and what is said where nothing can be compiled."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import nearsight

PACKAGE = Path(nearsight.__path__[0])
MODULES = sorted(
    ".".join(("nearsight", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in PACKAGE.rglob("*.py")
    if "from nearsight.compiling import" in path.read_text(encoding="utf-8")
)

NOTHING_MAY_BE_WRITTEN = """
import numba.core.caching as caching

def refuse(locator):
    raise PermissionError

for each in vars(caching).values():
    if hasattr(each, "ensure_cache_path"):
        each.ensure_cache_path = refuse
"""
CANNOT_BE_KEPT = """
import numba.core.caching as caching

def refuse(cache, signature, compiled):
    raise RuntimeError("no compiled object yet")

caching.Cache.load_overload = lambda cache, signature, context: None
caching.Cache.save_overload = refuse
"""
A_DISTANCE = """
import numpy as np
from nearsight.hdnnp.kernels import neighbourhoods

zero = np.zeros(1, dtype=np.int64)
kernel = neighbourhoods._sorted_by_element
print(kernel(zero, zero, zero, np.array([[3.0, 0.0, 4.0]]), np.array([6.0]))[4])
print(kernel.stats.cache_path)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def compiled_functions(module: ModuleType) -> Iterator[object]:
    for each in vars(module).values():
        if hasattr(each, "py_func") and each.py_func.__module__ == module.__name__:
            yield each


def test_kernels_run_where_nothing_may_be_written():
    done = run(NOTHING_MAY_BE_WRITTEN + A_DISTANCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[5.]\nNone\n"


def test_kernels_run_that_numba_cannot_keep():
    done = run(CANNOT_BE_KEPT + A_DISTANCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[5.]\n")


@pytest.mark.parametrize("place", MODULES)
def test_kernels_use_nothing_of_other_files(place):
    """What numba keeps of a function stays in use when another file changes."""
    module = import_module(place)
    for function in compiled_functions(module):
        for name in function.py_func.__code__.co_names:
            used = getattr(module, name, None)
            origin = getattr(used, "py_func", used)
            if hasattr(used, "py_func") or (isinstance(used, type) and issubclass(used, tuple)):
                assert origin.__module__ == module.__name__, (function, name)


def test_there_are_kernels_in_files_of_them():
    counts = {name: len(list(compiled_functions(import_module(name)))) for name in MODULES}
    assert counts["nearsight.hdnnp.kernels.symmetry_kernels"] > 5
    assert counts["nearsight.models.engines.edge_kernels"] > 5
    assert min(counts.values()) > 0


def test_without_numba_the_remedy_is_said():
    done = run("import sys; sys.modules['numba'] = None; import nearsight.hdnnp.kernels.evaluation")
    assert done.returncode != 0
    assert "nearsight.errors.InstallationError" in done.stderr
    assert "pip install 'nearsight[hdnnp]'" in done.stderr
