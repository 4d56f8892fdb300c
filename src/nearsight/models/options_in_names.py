"""Calculation options in the name of a model: ``name?key=value&key=value``.

A model may be one for many charges, spins or tasks. Which of them is part of what is asked for, so
it stands in the name and goes into `ModelIdentity.options`.
"""

import re
from collections.abc import Collection, Mapping

from nearsight.errors import ModelError

_OPTION = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)=([^=&?]+)", flags=re.ASCII)


def split_options(name: str) -> tuple[str, dict[str, str]]:
    """Return the name without its options, and the options as they were written.

    Parameters
    ----------
    name
        Such as ``orb-v3-conservative-omol?charge=-1&spin=2``. What follows the last question mark
        is options.

    Raises
    ------
    ModelError
        What follows the question mark is no list of options, or has one of them twice.
    """
    bare, separator, written = name.rpartition("?")
    if not separator:
        return name, {}
    options: dict[str, str] = {}
    for part in written.split("&"):
        found = _OPTION.fullmatch(part)
        if found is None or not bare:
            raise ModelError(
                f"{name!r} is not understood: behind the question mark of a name options are "
                f"expected, such as {bare or 'name'}?charge=0&spin=1."
            )
        key, value = found.groups()
        if key in options:
            raise ModelError(f"{name!r} has the option {key} twice; give it once.")
        options[key] = value
    return bare, options


def join_options(name: str, options: Mapping[str, str]) -> str:
    """Return the name with its options, of which `split_options` makes both again."""
    written = "&".join(f"{key}={value}" for key, value in options.items())
    return f"{name}?{written}" if options else name


def require_options(name: str, options: Mapping[str, str], known: Collection[str]) -> None:
    """Check that a model called `name` knows every one of `options`.

    Raises
    ------
    ModelError
        Naming those that it does not know.
    """
    unknown = sorted(set(options) - set(known))
    if unknown:
        has = f"its options are {', '.join(sorted(known))}" if known else "it has none"
        raise ModelError(f"{name} has no option {', '.join(unknown)}: {has}.")


def whole_number(name: str, options: Mapping[str, str], key: str) -> int:
    """Return the option `key`, which a model called `name` must have, as a whole number.

    Raises
    ------
    ModelError
        It is missing, or is no whole number.
    """
    written = options.get(key)
    if written is None:
        raise ModelError(f"{name} needs the option {key}, as in {name}?{key}=1.")
    if re.fullmatch(r"[+-]?\d{1,9}", written, flags=re.ASCII) is None:
        raise ModelError(f"{key}={written} of {name} is no whole number; write such as {key}=1.")
    return int(written)
