"""How settings are called on the command line, and messages in its words."""

import re

# Where the option is not the name of the setting without its unit.
_OPTIONS = {
    "born": "--nac",
    "memory_bytes": "--memory",
    "name": "--model",
    "radius_A": "--probing-radius",
    "recompute": "--recompute",
    "relax": "--no-relax",
    "row_symmetry_A": "--symmetry-tolerance",
    "sites": "--site",
    "temperatures_K": "--temperature",
    "trust": "--trust-checkpoint",
    "work_dir": "--work-dir",
}
_UNIT = re.compile(r"_(eV_per_A2|eV_per_A|A|K|GPa|bar)$")
_NAMED = re.compile(r"`(\w+)`")
_PHRASES = {"`relax` is false": "--no-relax was given", "`relax` false": "--no-relax"}


def option_of(setting: str) -> str:
    """Return the option of a setting."""
    return _OPTIONS.get(setting) or f"--{_UNIT.sub('', setting).replace('_', '-')}"


def in_options(message: str, settings: frozenset[str]) -> str:
    """Return a message with options in place of the names of `settings` in backticks."""
    for phrase, words in _PHRASES.items():
        message = message.replace(phrase, words)
    return _NAMED.sub(
        lambda named: option_of(named[1]) if named[1] in settings else named[0], message
    )
