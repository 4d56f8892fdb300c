"""How this process takes memory from the system and gives it back."""

import ctypes
import os
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h


def allocate_for_speed() -> None:
    """Let PyTorch use huge pages, and keep freed memory for arrays to come.

    By default glibc gives every large array back to the system, which clears each page before it
    hands it out again: a product of 1,408 atoms took 1.9 ms an atom, with huge pages 1.5, and with
    both 1.1. A setting for the whole process, and thus for programs, not for a library. It comes
    before PyTorch is imported; memory is kept only where there is glibc.

    Examples
    --------
    >>> from nearsight.allocation import allocate_for_speed
    >>> allocate_for_speed()  # doctest: +SKIP
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, -1)


def return_freed_memory() -> None:
    """Give freed memory back to the system, or it would look as if it were in use.

    Examples
    --------
    >>> from nearsight.allocation import return_freed_memory
    >>> return_freed_memory()
    """
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    return function
