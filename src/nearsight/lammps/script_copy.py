"""The script that is run in the place of a user's: it stops where a model is attached.

LAMMPS has no command that returns to its caller. But it ends a file with the end of the file that
was jumped to last, so that a jump into an empty file returns, and one from another file to a label
behind it goes on. All lines stay in one file, so that loops work whatever they go around.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from nearsight.lammps.script import STYLE, Script
from nearsight.lammps.script_lines import ScriptLine

PLACE = "nearsight_place"
"""A variable of LAMMPS that says at which point a script has returned."""

END = "end"
"""Its value where it has not stopped at any."""

_ZERO = "zero 2.0 nocoeff"
"""What LAMMPS has in the place of the model: pairs, by which atoms come to its processes, without
energies."""


@dataclass(frozen=True)
class ScriptCopy:
    """Files that are run in the place of a script, all in one folder."""

    script: Path
    resuming: tuple[Path, ...]
    """For each attach point the file that is run when the model is attached there."""


def write_copy(script: Script, folder: Path) -> ScriptCopy:
    """Write the files.

    Parameters
    ----------
    script
        The script.
    folder
        Where they are written; a path without spaces, which LAMMPS would take for an end.
    """
    copy, nothing = folder / Path(script.path).name.replace(" ", "_"), folder / "nothing"
    nothing.write_text("\n", encoding="utf-8")
    places = {id(point.line): place for place, point in enumerate(script.attach_points)}
    lines = []
    for line in script.lines:
        lines.append(_in_copy(line, script.path, copy))
        if id(line) in places:
            place = places[id(line)]
            lines += [
                f"variable {PLACE} string {place}",
                f"jump {nothing}",
                f"label {PLACE}{place}",
            ]
    copy.write_text("\n".join([*lines, ""]), encoding="utf-8")
    resuming = []
    for place in range(len(places)):
        resuming.append(folder / f"resume{place}")
        resuming[-1].write_text(f"jump {copy} {PLACE}{place}\n", encoding="utf-8")
    return ScriptCopy(copy, tuple(resuming))


def _in_copy(line: ScriptLine, path: str, copy: Path) -> str:
    """Return a line as LAMMPS is to read it."""
    words = line.words
    if STYLE in words and line.command == "pair_style":
        return " ".join(_ZERO if word == STYLE else word for word in words)
    if STYLE in words and line.command == "pair_coeff":
        return " ".join([*words[: words.index(STYLE)], "zero"])
    own_names = "|".join(re.escape(name) for name in (path, Path(path).name))
    return re.sub(rf"\bjump\s+({own_names})(?=[\s\"']|$)", f"jump {copy}", line.text)
