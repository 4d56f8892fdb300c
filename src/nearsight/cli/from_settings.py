"""Options that are made of settings, and the settings that are made of options."""

import argparse
import typing
from collections.abc import Callable, Mapping
from typing import Any

from nearsight.cli.option_names import option_of
from nearsight.cli.values import (
    MeshAction,
    PressuresAction,
    TemperaturesAction,
    atom_indices,
    femtoseconds,
    gibibytes,
    picoseconds,
    positive_float,
    positive_int,
    pressure,
    pressure_with_unit,
    pressures,
    share,
    symmetry_number,
    temperatures,
)
from nearsight.settings import About, Settings, describe

Container = argparse.ArgumentParser | argparse._ArgumentGroup  # it has no other name
Narrowed = Mapping[str, Mapping[str, Any]]
"""What argparse is told of settings of which a command takes less than they may be, by name."""
_PREFIX = "setting "


def add_settings(
    container: Container,
    settings: Settings,
    group: str = "",
    *,
    leave_out: tuple[str, ...] = (),
    narrowed: Narrowed | None = None,
) -> None:
    """Add an option for each setting; those of its groups are added by calls of their own.

    Parameters
    ----------
    container
        The parser, or a group of its options.
    settings
        Their defaults, which ``--help`` shows.
    group
        The name of the group that they are in.
    leave_out
        Names of settings that get no option.
    narrowed
        Settings of which this command takes less; they have no second option, as fixed cells do.
    """
    narrowed = narrowed or {}
    for about in describe(type(settings)):
        if about.group is None and about.name not in leave_out:
            default = getattr(settings, about.name)
            name = f"{group}.{about.name}" if group else about.name
            keywords = {"help": _help(about, default), **_keywords(about)}
            container.add_argument(
                option_of(about.name),
                dest=_PREFIX + name,
                default=argparse.SUPPRESS,
                **{**keywords, **narrowed.get(about.name, {})},
            )
            if about.name in narrowed:
                continue
            for option, further in _FURTHER.get(about.name, {}).items():
                container.add_argument(
                    option, dest=_PREFIX + name, default=argparse.SUPPRESS, **further
                )


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what options say of settings, those of a group in a mapping of their own."""
    given: dict[str, Any] = {}
    for dest, value in vars(arguments).items():
        if dest.startswith(_PREFIX):
            *groups, name = dest.removeprefix(_PREFIX).split(".")
            inner = given
            for group in groups:
                inner = inner.setdefault(group, {})
            inner[name] = value
    return given


def _help(about: About, default: Any) -> str:
    assert about.help is not None
    text = _HELP.get(about.name, about.help.text)
    shown = not (default in {None, ()} or isinstance(default, bool) or "(default" in text)
    values = default if isinstance(default, tuple) else (default,)
    numbers = " ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in values)
    return f"{text} (default: {numbers})".replace("%", "%%") if shown else text.replace("%", "%%")


_HELP = {
    "relax": "take each structure as it is in its file",
    "external_pressure_bar": "pressure of npt, such as 1bar or 1GPa; a tension with =, such as "
    "--pressure=-1GPa",
}
"""Where an option says the contrary of its setting, or is written otherwise."""

# What else sets a setting.
_FURTHER: dict[str, dict[str, dict[str, Any]]] = {
    "row_symmetry_A": {
        "--no-symmetry": {
            "action": "store_const",
            "const": None,
            "help": "compute every row, or every row of the unit cell of a supercell",
        }
    },
    "cell": {
        "--fixed-cell": {
            "action": "store_const",
            "const": "fixed",
            "help": "the same as --cell fixed",
        }
    },
}

_SPECIAL: dict[str, dict[str, Any]] = {
    "error": {"type": share},
    "bands": {"nargs": "?", "const": "auto"},
    "mesh": {"type": positive_float, "nargs": "+", "action": MeshAction},
    "keep": {"type": atom_indices, "action": "append"},
    "memory_bytes": {"type": gibibytes, "metavar": "GIB"},
    "external_pressure_bar": {"type": pressure_with_unit},
    "pressure_bar": {"type": pressure, "metavar": "P"},
    "pressures_bar": {"type": pressures, "nargs": "+", "action": PressuresAction},
    "symmetry_number": {"type": symmetry_number, "metavar": "auto|N"},
    "temperatures_K": {"type": temperatures, "nargs": "+", "action": TemperaturesAction},
    "supercell": {"type": positive_int, "nargs": 3, "metavar": ("A", "B", "C")},
}


def _keywords(about: About) -> Mapping[str, Any]:
    """Return how argparse reads a setting."""
    assert about.help is not None
    named = {"metavar": about.help.metavar or about.name.split("_")[0].upper()}
    if about.name in _SPECIAL:
        return {**named, **_SPECIAL[about.name]}
    if about.kind is bool:
        return {"action": "store_false" if about.default else "store_true"}
    kinds = [kind for kind in typing.get_args(about.kind) if kind is not type(None)]
    kind = kinds[0] if kinds and typing.get_origin(about.kind) is not tuple else about.kind
    if typing.get_origin(kind) is tuple:
        part = typing.get_args(kind)[0]
        return {**named, "type": _reader(part, about, positive=False), "nargs": "+"}
    for end, reader in (("_fs", femtoseconds), ("_ps", picoseconds)):
        if about.name.endswith(end):
            return {**named, "type": reader}
    if about.choices is not None:
        shown = named if about.help.metavar else {}
        return {**shown, "choices": about.choices}
    positive = about.range is not None and about.range.above == 0
    return {**named, "type": _reader(kind, about, positive=positive)}


def _reader(kind: Any, about: About, *, positive: bool) -> Callable[[str], Any]:
    if kind is float:
        return positive_float if positive else float
    if kind is int:
        return positive_int if positive else int
    assert kind is str, about.name
    return str
