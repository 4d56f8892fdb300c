"""What travels to a process that runs a task, and what comes back."""

import pickle
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from nearsight.announcing import is_quiet
from nearsight.errors import ExecutionError, NearsightWarning

_PROTOCOL = 5  # known to every Python that an environment of a family may have
_MOST_CHARACTERS = 120


@dataclass(frozen=True)
class _Warning:
    """A warning that was raised in a task, and where."""

    message: Warning
    file: str
    line: int
    module: str | None

    def raise_here(self, registry: dict[Any, Any]) -> None:
        if is_quiet() and isinstance(self.message, NearsightWarning):
            return
        warnings.warn_explicit(
            self.message, type(self.message), self.file, self.line, self.module, registry
        )


@dataclass(frozen=True)
class _Answer:
    """What came of a task."""

    result: Any = None
    error: Exception | None = None
    traceback: str = ""
    """Where the error was raised, as text: frames cannot leave their process."""
    warnings: tuple[_Warning, ...] = ()


class _RemoteTracebackError(Exception):
    """The traceback in the process that raised an error; it is the error's cause."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


@dataclass(frozen=True)
class Task:
    """A call that waits to be run, ready to be sent."""

    name: str
    """The function, and what it is called with."""
    content: bytes
    future: "TaskFuture"

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        registry: dict[Any, Any],
    ) -> "Task":
        """Return a call as a task.

        Parameters
        ----------
        function, arguments, keywords
            What is called with what.
        registry
            Which warnings of the executor's tasks have been shown.

        Raises
        ------
        ExecutionError
            It cannot be sent to another process.
        """
        name = _name(function, arguments, keywords)
        if getattr(function, "__module__", None) == "__main__":
            raise ExecutionError(
                f"{name} cannot be run by another process, which does not import the script that "
                f"is running. Move the function to a module of its own and import it from there."
            )
        try:
            content = pickle.dumps((name, function, arguments, dict(keywords)), _PROTOCOL)
        except MemoryError:
            raise
        except Exception as error:  # pickle calls whatever methods the objects have
            raise ExecutionError(
                f"{name} cannot be sent to another process ({_said(error)}). Functions must be at "
                f"the top of a module, and what they are called with must be plain values: paths, "
                f"settings, structures, arrays."
            ) from error
        return cls(name, content, TaskFuture(registry))


class TaskFuture(Future[Any]):
    """A future whose task may have raised warnings: whoever asks for the result gets them, too.

    Parameters
    ----------
    registry
        Which warnings of the executor's tasks have been shown.
    """

    def __init__(self, registry: dict[Any, Any]) -> None:
        super().__init__()
        self._registry = registry
        self._warnings: tuple[_Warning, ...] = ()

    def settle(self, content: bytes) -> None:
        """Take the answer of the process that ran the task."""
        try:
            answer: _Answer = pickle.loads(content)
        except MemoryError as error:
            self.set_exception(error)
            return
        except (Exception, SystemExit) as error:  # whatever classes of the result do when rebuilt
            self.set_exception(
                ExecutionError(
                    f"the result of a task cannot be read here ({_said(error)}). Let the function "
                    f"return plain values, such as a record or numbers."
                )
            )
            return
        self._warnings = answer.warnings
        if answer.error is None:
            self.set_result(answer.result)
        else:
            answer.error.__cause__ = _RemoteTracebackError(answer.traceback)
            self.set_exception(answer.error)

    def result(self, timeout: float | None = None) -> Any:
        """Return the result, or raise what the task raised; first of all its warnings, once."""
        self.exception(timeout)
        return super().result()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the task raised, if anything; raise its warnings, once."""
        error = super().exception(timeout)
        told, self._warnings = self._warnings, ()
        for warning in told:
            warning.raise_here(self._registry)
        return error


def run(content: bytes) -> bytes:
    """Do what a task says, in the process that was chosen for it, and return the answer.

    Errors are part of the answer. What is none (`SystemExit`, `KeyboardInterrupt`) is raised.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # those who ask for the result have filters of their own
        answer = _answer(content)
    raised = tuple(_sendable(warning) for warning in caught)
    return _packed(_Answer(answer.result, answer.error, answer.traceback, raised))


def _answer(content: bytes) -> _Answer:
    try:
        name, function, arguments, keywords = pickle.loads(content)
    except Exception as error:  # a module may raise anything when it is imported
        message = (
            f"a task cannot be read by the process that is to run it ({_said(error)}). Its "
            f"function, and the classes of what it is called with, must be in modules that can be "
            f"imported there."
        )
        return _Answer(error=ExecutionError(message), traceback=traceback.format_exc())
    try:
        result = function(*arguments, **keywords)
    except Exception as error:  # it is raised again by whoever asks for the result
        text = traceback.format_exc()
        return _Answer(error=_rebuildable(error, name), traceback=text)
    return _Answer(result)


def _rebuildable(error: Exception, name: str) -> Exception:
    """Return an error if it arrives as it is, else one that says the same."""
    try:
        arriving = pickle.loads(pickle.dumps(error, _PROTOCOL))
    except Exception:  # any: classes of errors often cannot be made of their message alone
        arriving = None
    if type(arriving) is type(error) and str(arriving) == str(error):
        return error
    return ExecutionError(f"{name} failed with {_said(error)}")


def _sendable(caught: warnings.WarningMessage) -> _Warning:
    message = caught.message
    if not isinstance(message, Warning):
        message = caught.category(message)
    rebuilt = _rebuildable(message, "")
    if not isinstance(rebuilt, Warning):
        message = UserWarning(_said(message))
    # Filters go by modules, which a warning does not know.
    modules = list(sys.modules.items())
    name = next((name for name, m in modules if _file_of(m) == caught.filename), None)
    return _Warning(message, caught.filename, caught.lineno, name)


def _file_of(module: Any) -> str | None:
    return getattr(module, "__dict__", {}).get("__file__")


def _packed(answer: _Answer) -> bytes:
    try:
        return pickle.dumps(answer, _PROTOCOL)
    except Exception as error:  # as when a task is packed
        kind = type(answer.result)
        message = (
            f"the result of a task, a {kind.__module__}.{kind.__qualname__}, cannot be sent back "
            f"({_said(error)}). Let the function return plain values, such as a record or numbers."
        )
        failed = _Answer(error=ExecutionError(message), warnings=answer.warnings)
        return pickle.dumps(failed, _PROTOCOL)


def _name(
    function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> str:
    called = getattr(function, "__qualname__", None) or repr(function)
    words = [repr(each) for each in arguments]
    words += [f"{key}={value!r}" for key, value in keywords.items()]
    name = f"{called}({', '.join(words)})"
    return name if len(name) <= _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS]}...)"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
