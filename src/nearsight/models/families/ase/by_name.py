"""An ASE calculator made from what a name says: which class, with which arguments."""

import contextlib
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ase.calculators.calculator import (
    BaseCalculator,
    Calculator,
    FileIOCalculator,
    external_calculators,
    get_calculator_class,
)
from ase.calculators.genericfileio import GenericFileIOCalculator
from ase.calculators.names import names as ase_names

from nearsight.errors import ModelError, NearsightError

Argument = bool | int | float | str

_BY_PATH = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*)")
_WHOLE = re.compile(r"[+-]?\d+", flags=re.ASCII)
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", flags=re.ASCII | re.IGNORECASE)
_REMEDY = "set it up in Python and pass AseModel(calculator)"


def calculator_named(
    target: str, options: Mapping[str, str]
) -> tuple[str, BaseCalculator, dict[str, Argument]]:
    """Make the calculator that a name asks for.

    Parameters
    ----------
    target
        The name that ASE has for a calculator, in any case, or ``package.module:Class``.
    options
        Arguments as they were written; `argument` says what they are read as.

    Returns
    -------
    tuple
        The target as it is to be recorded, the calculator, and its arguments.

    Raises
    ------
    ModelError
        There is no such module or class, it is no calculator, a package that it needs is not
        installed, it does not take the arguments, or it cannot start with them.
    """
    by_path = ":" in target
    name, kind = _class_at(target) if by_path else _class_named(target)
    arguments = {key: argument(written) for key, written in options.items()}
    _require_arguments(name, kind, arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output belongs to the user's JSON
            return name, kind(**arguments), arguments
    except NearsightError:
        raise
    except ModuleNotFoundError as error:
        raise ModelError(_needs(name, error)) from error
    except Exception as error:  # whatever a calculator raises when it is made
        given = " ".join(f"{key}={value}" for key, value in arguments.items())
        how = f"with {given}" if given else "by its name alone"
        raise ModelError(f"the calculator {name} does not start {how} ({error}); {_REMEDY}.") from (
            error
        )


def argument(written: str) -> Argument:
    """Return what an argument in a name stands for.

    ``true`` and ``false``, in any case, are the two truth values; digits with or without a sign are
    a whole number; with a decimal point or an exponent they are a real one. Everything else is
    text.
    """
    if written.lower() in {"true", "false"}:
        return written.lower() == "true"
    if _WHOLE.fullmatch(written):
        return int(written)
    if _REAL.fullmatch(written):
        return float(written)
    return written


def _class_named(target: str) -> tuple[str, Any]:
    known = {name.lower(): name for name in (*ase_names, *external_calculators)}
    name = known.get(target.lower(), target.lower())
    module = f"ase.calculators.{name}"
    try:
        return name, get_calculator_class(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise ModelError(_needs(name, error)) from error
        unknown: Exception = error
    except AttributeError as error:  # a module of ASE that holds no calculator
        unknown = error
    raise ModelError(
        f"ASE has no calculator named {name!r}. One of another package is ase:package.module:Class."
    ) from unknown


def _class_at(target: str) -> tuple[str, Any]:
    found = _BY_PATH.fullmatch(target)
    if found is None:
        raise ModelError(
            f"ase:{target} is not understood: a calculator of another package is "
            f"ase:package.module:Class, with the names that Python imports it by; a file cannot be "
            f"named."
        )
    module_name, class_name = found.groups()
    module = _import(module_name, target)
    kind = getattr(module, class_name, None)
    if kind is None:
        calculators = sorted(key for key, value in vars(module).items() if _is_calculator(value))
        has = f"its calculators are {', '.join(calculators)}" if calculators else "it has none"
        raise ModelError(f"the module {module_name} has no calculator {class_name}: {has}.")
    if not _is_calculator(kind):
        raise ModelError(
            f"{target} is not a calculator: it is no class that is derived from ASE's Calculator "
            f"or BaseCalculator. If it makes one, {_REMEDY}."
        )
    return target, kind


def _is_calculator(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseCalculator)


def _import(module: str, target: str) -> Any:
    try:
        with contextlib.redirect_stdout(sys.stderr), _current_folder_left_out():
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise ModelError(_needs(target, error)) from error
        raise ModelError(
            f"there is no module {error.name} here, which {target} is to come from; install its "
            f"package in this environment. The current folder is not searched unless PYTHONPATH "
            f"names it."
        ) from error
    except (Exception, SystemExit) as error:  # importing runs the module, which can do anything
        raise ModelError(
            f"the module {module} cannot be imported: {type(error).__name__}: {error}. Its package "
            f"may be damaged or made for other versions; install it anew."
        ) from error


@contextlib.contextmanager
def _current_folder_left_out() -> Iterator[None]:
    """Let nothing be imported that only lies in the folder in which the program was started.

    Python puts that folder first (``python -m``) or writes it as an empty entry. Importing runs
    code, and who names a module means an installed one, not a file that happens to be there.
    Entries from PYTHONPATH come later and stay: they were chosen.
    """
    left_out = [(place, entry) for place, entry in enumerate(sys.path) if _is_current(place, entry)]
    for _, entry in left_out:
        sys.path.remove(entry)  # the first of its kind, which is the one
    try:
        yield
    finally:
        for place, entry in left_out:
            sys.path.insert(place, entry)


def _is_current(place: int, entry: str) -> bool:
    if not entry:
        return True
    first = place == 0 and not sys.flags.safe_path
    return first and os.path.realpath(entry) == os.path.realpath(os.curdir)


def _require_arguments(name: str, kind: Any, arguments: Mapping[str, Argument]) -> None:
    """Refuse arguments that a calculator does not take, or would keep without reading them."""
    takes = _taken_by(kind)
    listed = f"it takes {', '.join(sorted(takes))}" if takes else "it takes none by name"
    known = None if _reads_any(kind) else takes
    unknown = [key for key in arguments if known is not None and key not in known]
    if unknown:
        raise ModelError(f"the calculator {name} has no argument {', '.join(unknown)}: {listed}.")
    try:
        inspect.signature(kind).bind(**arguments)
    except TypeError as error:
        raise ModelError(
            f"the calculator {name} cannot be made so: {error}; {listed}. Write arguments as in "
            f"ase:{name}?key=value, or {_REMEDY}."
        ) from error


def _taken_by(kind: Any) -> set[str]:
    """Return the named arguments of a calculator, those with which ASE makes any one left out."""
    taken = set(getattr(kind, "default_parameters", ()))
    for one in kind.__mro__:
        if one in (Calculator, BaseCalculator):
            break
        if "__init__" not in vars(one):
            continue
        parameters = list(inspect.signature(one.__init__).parameters.values())[1:]
        taken |= {
            it.name for it in parameters if it.kind in (it.POSITIONAL_OR_KEYWORD, it.KEYWORD_ONLY)
        }
        if all(it.kind is not it.VAR_KEYWORD for it in parameters):
            break  # it passes nothing on that it does not name
    return taken


def _reads_any(kind: Any) -> bool:
    """Whether a calculator judges its arguments itself, as one that writes input files does.

    ASE's own `Calculator.set` keeps whatever it is given, also what nothing reads.
    """
    if issubclass(kind, FileIOCalculator | GenericFileIOCalculator):
        return True
    return getattr(kind, "set", None) is not Calculator.set


def _needs(name: str, error: ModuleNotFoundError) -> str:
    return (
        f"the calculator {name} needs the package {error.name}, which is not installed here; "
        f"install it first."
    )
