"""Messages of the library, which name settings, in the words of the command line."""

import re
from functools import cache

from nearsight.cli.option_names import option_of
from nearsight.evaluation.settings import ExamineSettings
from nearsight.settings import Settings, describe
from nearsight.workflows.potential_settings import HdnnpTestSettings
from nearsight.workflows.settings_files import EveryRun
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS

_NAMED = re.compile(r"`(\w+)`")
_PHRASES = {
    "`relax` is false": "--no-relax was given",
    "the workflow `thermochemistry`": "`nearsight thermochemistry`",
    "`row_symmetry_A` none": "--no-symmetry",
}
_OF_COMMANDS = {
    *("accept_licence", "append", "from_units", "harmonic", "log", "out", "quiet", "replace"),
    "report",
    *("samples", "verbose", "work_dir"),
}
"""What commands take that is no setting of a calculation."""


def in_options(message: str) -> str:
    """Return a message with options in place of the settings that it names in backticks."""
    for phrase, words in _PHRASES.items():
        message = message.replace(phrase, words)
    return _NAMED.sub(
        lambda named: option_of(named[1]) if named[1] in _names() else named[0], message
    )


@cache
def _names() -> frozenset[str]:
    """Return the names of all settings that have options."""
    return frozenset(_OF_COMMANDS).union(
        *(
            _names_in(kind)
            for kind in (
                *OF_WORKFLOWS.values(),
                *(HdnnpTestSettings, ExamineSettings, EveryRun),
            )
        )
    )


def _names_in(kind: type[Settings]) -> frozenset[str]:
    names: set[str] = set()
    for about in describe(kind):
        names |= {about.name} if about.group is None else _names_in(about.group)
    return frozenset(names)
