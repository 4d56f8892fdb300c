"""What `input.nn` says, line by line."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import MethodError, ModelError, NearsightError
from nearsight.hdnnp.files import keywords
from nearsight.hdnnp.files.lines import Line, content, lines_of, shown
from nearsight.hdnnp.potential import PotentialUnits
from nearsight.hdnnp.units import units_named

FILE = "input.nn"
_MOST_BYTES = 2**25

UNITS_LINE = "# nearsight: units {}"
"""What a file that is written here says of its units; to n2p2 and RuNNer it is a comment."""
_OURS = re.compile(r"[ \t]*#[ \t]*nearsight:(.*)")
PRIOR_LINE = "# nearsight: plus prior.toml"
"""What a file says of a potential that has more than networks."""
_PLUS_PRIOR = re.compile(r"\s*plus\s+prior\.toml\s*")
_UNITS = re.compile(r"\s*units\s+(\S+)\s*")


@dataclass(frozen=True)
class InputNN:
    """Lines of `input.nn` by keyword, under the names of n2p2."""

    file: Path
    lines: Mapping[str, tuple[Line, ...]]
    units: PotentialUnits | None
    """None if the file does not say."""
    plus_prior: bool
    """Whether a comment of ours says that networks are not all of it."""
    is_runner_2: bool
    is_runner_1: bool
    """It has keywords that only RuNNer asks for; n2p2 passes over them."""
    without_effect: tuple[str, ...]
    """Keywords that are there and concern training or output only, sorted."""

    def error(self, what: str) -> ModelError:
        """Return the error that says what is wrong in this file and what to do."""
        return ModelError(f"{self.file}: {what}")

    def all(self, keyword: str) -> tuple[Line, ...]:
        """Return its lines, of which there may be none."""
        return self.lines.get(keyword, ())

    def one(self, keyword: str) -> Line | None:
        """Return its line, or None."""
        return next(iter(self.all(keyword)), None)

    def required(self, keyword: str) -> Line:
        """Return its line.

        Raises
        ------
        ModelError
            There is none.
        """
        line = self.one(keyword)
        if line is None:
            raise self.error(f"“{keyword}” is missing; add its line.")
        return line

    def real(self, keyword: str, default: float) -> float:
        """Return the number behind a keyword.

        Raises
        ------
        ModelError
            It is missing, no number, or not alone.
        """
        line = self.one(keyword)
        if line is None:
            return default
        _require_words(line, 1)
        return line.real(1, f"“{line.keyword}”")

    def switched_on(self, keyword: str) -> bool:
        """Return whether the keyword, which has nothing behind it, is there.

        Raises
        ------
        ModelError
            There is something behind it.
        """
        line = self.one(keyword)
        if line is not None:
            _require_words(line, 0)
        return line is not None


def read_input_nn(file: Path) -> InputNN:
    """Return what `input.nn` says.

    Raises
    ------
    ModelError
        There is no such file, it has a keyword that is not known, not computed here or there twice,
        or says its units in a way that is not understood.
    """
    text = content(file, _MOST_BYTES)
    lines: dict[str, list[Line]] = {}
    without_effect, names = set(), set()
    refused: Line | None = None
    for line in lines_of(file, text):
        name = keywords.OTHER_NAMES.get(line.keyword, line.keyword)
        names.add(line.keyword)
        if _is_cutoff(name) or name in keywords.EVALUATION:
            lines.setdefault(name, []).append(line)
        elif name in keywords.ONLY_VALUES:
            _require_computed(line, name)
        elif name in keywords.WITHOUT_EFFECT:
            without_effect.add(name)
        elif name not in keywords.ALWAYS:
            refused = refused or line
    # What kind of potential it is says more than a keyword that only this kind has.
    if refused is not None:
        raise _refused(refused)
    for name, same in lines.items():
        if len(same) > 1 and name not in keywords.MANY_LINES and not _is_cutoff(name):
            raise same[1].error(
                f"“{name}” is in line {same[0].number} already; take one of the two out."
            )
    return InputNN(
        file=file,
        lines={name: tuple(same) for name, same in lines.items()},
        units=_units(file, text),
        plus_prior=any(_PLUS_PRIOR.fullmatch(ours[1]) for ours in _comments(text)),
        is_runner_2=bool(names & keywords.RUNNER_2) or any(map(_is_cutoff, names)),
        is_runner_1=bool(names & keywords.RUNNER_1),
        without_effect=tuple(sorted(without_effect)),
    )


def _require_computed(line: Line, name: str) -> None:
    values = keywords.ONLY_VALUES[name]
    if len(line.arguments) != 1 or line.arguments[0] not in values:
        raise line.error(
            f"“{line.keyword}” is {shown(' '.join(line.arguments))}: such a potential has other "
            f"parts than one network for each atom, charges perhaps, which Nearsight does not "
            f"compute; it computes {' or '.join(values)}."
        )


def _is_cutoff(keyword: str) -> bool:
    return keyword.startswith(keywords.CUTOFF_PREFIX)


def _require_words(line: Line, n_words: int) -> None:
    if len(line.arguments) != n_words:
        raise line.error(
            f"“{line.keyword}” has {n_words or 'nothing'} behind it, not "
            f"{shown(' '.join(line.arguments))}; correct the line."
            if n_words
            else f"“{line.keyword}” has nothing behind it, not "
            f"{shown(' '.join(line.arguments))}; take the keyword out to switch it off."
        )


def _refused(line: Line) -> NearsightError:
    name = line.keyword
    if name in keywords.REFUSED:
        return line.error(
            f"“{name}” stands for {keywords.REFUSED[name]}, which Nearsight does not compute; use "
            f"the program that the potential is from, or take the line out if it has no part in it."
        )
    known = {
        *(keywords.EVALUATION | keywords.WITHOUT_EFFECT),
        *(*keywords.OTHER_NAMES, *keywords.ONLY_VALUES),
    }
    near = difflib.get_close_matches(name[:60], sorted(known), 1)
    hint = f" (is it to be “{near[0]}”?)" if near else ""
    return line.error(
        f"the keyword {shown(name)} is not known{hint}; correct it, or turn the line into a "
        f"comment if it has no part in energies and forces."
    )


def _comments(text: str) -> Iterator[re.Match[str]]:
    """Yield the comments of ours."""
    return (ours for line in text.splitlines() if (ours := _OURS.fullmatch(line)))


def _units(file: Path, text: str) -> PotentialUnits | None:
    """Return the units that a comment of ours names."""
    units: PotentialUnits | None = None
    for number, line in enumerate(text.splitlines(), 1):
        ours = _OURS.fullmatch(line)
        if ours is None or _PLUS_PRIOR.fullmatch(ours[1]):
            continue
        here = Line(file, number, ())
        said = _UNITS.fullmatch(ours[1])
        if said is None or units is not None:
            raise here.error(
                f"a comment of Nearsight is {UNITS_LINE.format('angstrom,eV')!r}, and is there "
                f"once; correct it."
            )
        try:
            units = units_named(said[1])
        except MethodError as error:
            raise here.error(str(error)) from error
    return units
