"""Warnings of results, raised where a user's own code called the verb that made them."""

import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import ParamSpec, TypeVar

from nearsight.errors import NearsightWarning
from nearsight.remarks import Remark

Given = ParamSpec("Given")
Result = TypeVar("Result")

_PACKAGE = f"{Path(__file__).parent}{os.sep}"
_inside: ContextVar[bool] = ContextVar("inside a verb that announces", default=False)


def announces(verb: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a verb raise what its result has in ``warnings``, each once, as `NearsightWarning`.

    What an argument has in its own ``warnings`` was raised when that was made. Verbs that a verb
    calls raise nothing, since it takes over from their results what its own result must say.
    """

    @functools.wraps(verb)
    def announcing(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        if _inside.get():
            return verb(*args, **kwargs)
        with quietly():
            result = verb(*args, **kwargs)
        told = {message for each in (*args, *kwargs.values()) for message in _warnings_of(each)}
        announce(message for message in _warnings_of(result) if message not in told)
        return result

    return announcing


@contextmanager
def quietly() -> Iterator[None]:
    """Call verbs for what has been told already, such as a figure of a result."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def announce(messages: Iterable[str]) -> None:
    """Raise each message as a `NearsightWarning` at the line outside this package that led here.

    Inside a verb that announces, nothing is raised.
    """
    if _inside.get():
        return
    level, frame = 1, sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]  # ends with None
    for message in dict.fromkeys(messages):
        warnings.warn(message, NearsightWarning, stacklevel=level)


def is_quiet() -> bool:
    """Return whether a verb that announces is at work, so that nothing else is to be raised."""
    return _inside.get()


def _warnings_of(value: object) -> tuple[Remark, ...]:
    found = getattr(value, "warnings", ())
    return found if isinstance(found, tuple) else ()
