"""Functions that numba compiles when they are first called."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from nearsight.errors import InstallationError

try:
    import numba
except (ImportError, OSError, SystemError) as error:  # a library of llvmlite may be missing
    raise InstallationError(
        f"kernels are compiled by numba, which cannot be imported ({error}); install it with "
        f"`pip install 'nearsight[hdnnp]'`."
    ) from error

Function = TypeVar("Function", bound=Callable[..., object])


_ANY_ORDER = {"contract", "nsz", "reassoc"}
"""What LLVM may do with sums in any order; NaN and infinities are what they are."""


def compiled(function: Function, *, any_order: bool = False) -> Function:
    """Compile a function for numbers and arrays at its first call, and keep that on disk.

    It is kept beside the source or, where that may not be written, in the user's cache; where
    neither may, each process compiles it. What is kept goes by the text of its file alone, so that
    no kernel may call one, or take a named tuple, of another file.

    No sum is reordered, unless `any_order` allows it, and nothing is assumed of numbers: results
    are the same to the bit on one machine, and NaN comes out where it goes in. A division by zero
    is that of IEEE 754.
    """
    return _compiled(function, forceinline=False, any_order=any_order)


def inlined(function: Function, *, any_order: bool = False) -> Function:
    """Compile a part of a kernel into those that call it.

    A call hands over each array of a named tuple, which takes longer than a small function.
    """
    return _compiled(function, forceinline=True, any_order=any_order)


def _compiled(function: Function, *, forceinline: bool, any_order: bool) -> Function:
    decorate: Callable[..., Any] = partial(
        numba.njit,
        error_model="numpy",
        nogil=True,
        forceinline=forceinline,
        fastmath=_ANY_ORDER if any_order else False,
    )
    result: Any
    try:
        result = decorate(cache=True)(function)
    except RuntimeError:  # numba's, where it may write to no folder
        result = decorate()(function)
    else:
        _keep_if_possible(result)
    kernel: Function = result
    return kernel


def _keep_if_possible(dispatcher: Any) -> None:
    """Let a kernel run that numba has compiled and, for once, cannot keep.

    Numba then raises "no compiled object yet" at a call, or what a full disk does, when all is
    compiled: the next process compiles it again.
    """
    if not hasattr(dispatcher, "_cache"):  # NUMBA_DISABLE_JIT is set
        return
    save = dispatcher._cache.save_overload

    def save_overload(signature: object, compiled: object) -> None:
        with suppress(RuntimeError, OSError):
            save(signature, compiled)

    dispatcher._cache.save_overload = save_overload
