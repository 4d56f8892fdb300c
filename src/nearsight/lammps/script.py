"""What an input script of LAMMPS says of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nearsight.lammps.library import LammpsError
from nearsight.lammps.script_lines import ScriptLine, read_lines

STYLE = "nearsight"
"""The pair style that stands for the model in scripts."""

_NO_ENERGY = {"none", "zero"}
_MAKE_A_BOX = {"create_box", "read_data", "read_restart"}
_DESCRIBE_ATOMS = {"", "change_box", "create_atoms", "displace_atoms", "echo", "group", "lattice"}
_DESCRIBE_ATOMS |= {"log", "mass", "molecule", "pair_coeff", "pair_style", "print", "region"}
_DESCRIBE_ATOMS |= {"replicate", "set", "variable"}
"""Commands that neither compute anything nor go elsewhere in a script."""
_MOST_INCLUDED = 100


@dataclass(frozen=True)
class AttachPoint:
    """A line behind which a model is attached."""

    line: ScriptLine
    fix: str | None
    """The name of the `fix external` that the line makes; None where the line makes the box."""


@dataclass(frozen=True, eq=False)
class Script:
    """An input script that has been read."""

    path: str
    lines: tuple[ScriptLine, ...]
    included: tuple[ScriptLine, ...]
    """Lines of the files that it includes by name."""
    attach_points: tuple[AttachPoint, ...]
    elements: tuple[str, ...] | None
    """What stands behind `pair_coeff * *`, as behind that of other such models."""

    def where(self, said: str) -> list[ScriptLine]:
        """Return the lines that LAMMPS may mean by its last input line."""
        return [line for line in (*self.lines, *self.included) if line.may_be(said)]


def read_script(path: str | Path) -> Script:
    """Read an input script, and find where the model belongs.

    That is behind each line ``fix ID all external pf/callback 1 1``. In a script without one it is
    behind each line that makes a box, and behind those that replicate it before anything else could
    be computed: LAMMPS replicates nothing that a fix stores values of.

    Parameters
    ----------
    path
        The script.

    Raises
    ------
    LammpsError
        It cannot be read, makes no box, has a pair style of its own where the model was to take
        that place, or attaches something else.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.lammps import read_script
    >>> commands = '''units metal
    ... atom_modify map yes
    ... lattice fcc 3.61
    ... region box block 0 2 0 2 0 2
    ... create_box 1 box
    ... create_atoms 1 box
    ... mass 1 63.546
    ... pair_style nearsight
    ... pair_coeff * * Cu
    ... run 0
    ... '''
    >>> written = Path("in.copper").write_text(commands)
    >>> read_script("in.copper").elements
    ('Cu',)
    """
    lines = read_lines(path)
    included = _included(lines, str(path))
    for line in included:
        if line.command == "fix" and "external" in line.words:
            raise LammpsError(
                f"{line.place} has the fix that a model is attached to; such a line belongs into "
                f"{path} itself, which includes that file."
            )
    points = [AttachPoint(line, _fix_external(line)) for line in lines if _is_external(line)]
    if not points:
        _require_no_other_pair_style([*lines, *included])
        points = [
            AttachPoint(_replicated(lines, index), None)
            for index, line in enumerate(lines)
            if _makes_a_box(line, included)
        ]
    if not points:
        raise LammpsError(
            f"{path} makes no box, by read_data, read_restart or create_box, that a model could be "
            f"attached to; where another file does, write `fix model all external pf/callback 1 1` "
            f"behind it."
        )
    return Script(str(path), tuple(lines), tuple(included), tuple(points), _elements(lines))


def _included(lines: Sequence[ScriptLine], path: str) -> list[ScriptLine]:
    """Return the lines of all files that are included by a name without variables."""
    found: list[ScriptLine] = []
    waiting = list(lines)
    seen = {path}
    while waiting and len(seen) < _MOST_INCLUDED:
        line = waiting.pop(0)
        if line.command != "include" or len(line.words) != 2:
            continue
        name = line.words[1].strip("\"'")
        if name not in seen and Path(name).is_file():
            seen.add(name)
            of_file = read_lines(name)
            found += of_file
            waiting += of_file
    return found


def _is_external(line: ScriptLine) -> bool:
    return line.command == "fix" and len(line.words) > 3 and line.words[3] == "external"


def _fix_external(line: ScriptLine) -> str:
    """Return the name of a `fix external`, which asks for forces of all atoms at each step."""
    _, name, group, _, *rest = line.words
    if group != "all" or rest != ["pf/callback", "1", "1"]:
        raise LammpsError(
            f"{line.place} is {line.text!r}; a model has forces for all atoms and at each step: "
            f"write `fix {name} all external pf/callback 1 1`."
        )
    return name


def _makes_a_box(line: ScriptLine, included: Sequence[ScriptLine]) -> bool:
    if line.command == "include" and len(line.words) == 2:
        name = line.words[1].strip("\"'")
        return any(_makes_a_box(each, ()) for each in included if each.file == name)
    return line.command in _MAKE_A_BOX and "add" not in line.words


def _replicated(lines: Sequence[ScriptLine], index: int) -> ScriptLine:
    """Return the line that makes a box, or the last one that replicates it right away."""
    found = lines[index]
    for line in lines[index + 1 :]:
        if line.command not in _DESCRIBE_ATOMS:
            break
        if line.command == "replicate":
            found = line
    return found


def _require_no_other_pair_style(lines: Sequence[ScriptLine]) -> None:
    """Check that the script leaves the energies to the model."""
    for line in lines:
        if line.command != "pair_style" or len(line.words) < 2:
            continue
        if STYLE not in line.words and line.words[1] not in _NO_ENERGY:
            raise LammpsError(
                f"{line.place} has a pair style of its own, {line.words[1]}, to which the energy "
                f"of a model would be added. Write `pair_style {STYLE}` in its place; or, where "
                f"the sum is meant, `fix model all external pf/callback 1 1` behind the box."
            )


def _elements(lines: Sequence[ScriptLine]) -> tuple[str, ...] | None:
    """Return the elements that the coefficients of the model's pair style name."""
    styles = [line for line in lines if line.command == "pair_style" and STYLE in line.words]
    if not styles:
        return None
    for line in lines:
        if line.command == "pair_coeff" and line.words[1:3] == ["*", "*"]:
            rest = [word for word in line.words[3:] if word != STYLE]
            if rest and (STYLE in line.words or styles[-1].words[1:] == [STYLE]):
                return tuple(rest)
    return None
