"""A user's input script, run with a model."""

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import MethodError
from nearsight.lammps.attached import FIX, AttachedModel
from nearsight.lammps.library import Lammps, LammpsError
from nearsight.lammps.script import Script
from nearsight.lammps.script_copy import END, PLACE, write_copy
from nearsight.lammps.settings import LammpsSettings
from nearsight.models.contract import Model
from nearsight.remarks import Remark

_SAID = re.compile(
    r"(?:ERROR(?: on proc \d+)?: )?(?P<what>.*?)\s*(?:For more information see \S+\s*)?"
    r"(?:\(src/\S+\))?(?:\s*\n.*?Last input line: (?P<line>.*))?",
    flags=re.DOTALL,
)
_SUBSTITUTION = re.compile(r"Substitution for illegal variable (\S+)")
_MOST_PLACES = 3


@dataclass(frozen=True)
class ScriptRun:
    """A script that has come to its end."""

    n_calls: int
    """How often the model was asked; 0 in processes that have none."""
    n_searches: int | None
    """How often its pairs were searched anew; None for a model that finds its own."""
    n_attached: int
    """How often it was attached: more than once where the script clears everything in between."""
    lammps_version: int
    """The date of LAMMPS, as in 20250722."""
    seconds: float
    warnings: tuple[Remark, ...]
    """What must be known before its numbers are used."""


def run_script(
    lammps: Lammps,
    script: Script,
    model: Model | None,
    settings: LammpsSettings | None = None,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> ScriptRun:
    """Run an input script with a model in it.

    Parameters
    ----------
    lammps
        LAMMPS (see `start_lammps`), which was told the variables of the script.
    script
        The script (see `read_script`).
    model
        The model, in the process of rank 0.
    settings
        What the script does not say.
    clock
        Tells the time in seconds.

    Raises
    ------
    LammpsError
        LAMMPS does not understand a line or cannot do it, which is named; or no model was attached
        in the end.
    MethodError
        Nobody says what elements there are, or script and `elements` differ.
    NearsightError
        What the model raised.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.lammps import read_script, run_script, start_lammps
    >>> from nearsight.models import load_model
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
    >>> lammps = start_lammps(("-log", "none", "-screen", "none"))
    >>> run_script(lammps, read_script("in.copper"), load_model("ase:emt")).n_calls
    1
    >>> lammps.close()
    """
    start, settings = clock(), settings or LammpsSettings()
    elements = _elements(script, settings.elements)
    attached = AttachedModel(lammps, model, elements, forces=not settings.energies_only)
    for line in (*script.lines, *script.included):
        attached.read_exchanges(line.text, of_script=True)
    with tempfile.TemporaryDirectory(prefix="nearsight-") as folder:
        copy = write_copy(script, Path(folder))
        n_attached = 0
        place = _run_file(attached, script, copy.script)
        while place is not None:
            fix = script.attach_points[place].fix
            if not (n_attached and fix is None and lammps.has_id("fix", FIX)):
                attached.attach(fix)
                n_attached += 1
            place = _run_file(attached, script, copy.resuming[place])
    if n_attached == 0:
        raise LammpsError(
            f"{script.path} came to its end, and never to {script.attach_points[0].line.place}, "
            f"where the model belongs; all that LAMMPS computed was without it."
        )
    evaluator = None if model is None else attached.evaluator
    return ScriptRun(
        n_calls=0 if evaluator is None else evaluator.n_calls,
        n_searches=None if evaluator is None else evaluator.n_searches,
        n_attached=n_attached,
        lammps_version=lammps.version(),
        seconds=clock() - start,
        warnings=() if evaluator is None else evaluator.remarks,
    )


def _elements(script: Script, given: Sequence[str] | None) -> Sequence[str]:
    stated = script.elements
    if given is None and stated is None:
        raise MethodError(
            "which element each type of atom is, is not said; give `elements`, such as Mg O C H, "
            "or write `pair_coeff * * Mg O C H` behind `pair_style nearsight`."
        )
    if given is not None and stated is not None and tuple(given) != stated:
        raise MethodError(
            f"`elements` is {' '.join(given)}, and {script.path} says pair_coeff * * "
            f"{' '.join(stated)}; leave one of them out."
        )
    return given if given is not None else stated or ()


def _run_file(attached: AttachedModel, script: Script, path: Path) -> int | None:
    """Run a file, and return at which attach point it stops; None at its end, wherever that is."""
    lammps = attached.lammps
    try:
        attached.guarded(lammps.command, f"variable {PLACE} string {END}")
        attached.guarded(lammps.file, str(path))
    except LammpsError as error:
        if error.__cause__ is None:  # it is of the model, and not what LAMMPS said
            raise
        raise LammpsError(_with_place(str(error), script)) from error.__cause__
    place: str = lammps.extract_variable(PLACE)
    return None if place == END else int(place)


def _with_place(message: str, script: Script) -> str:
    """Return what LAMMPS said, with the line that it said it of."""
    said = _SAID.fullmatch(message.strip())
    what, line = (message, None) if said is None else (said["what"], said["line"])
    what = " ".join(what.split()).rstrip(".")
    places = []
    if line is not None:
        line = line.splitlines()[0]  # others underline a word of it
        places = script.where(line)
    elif unknown := _SUBSTITUTION.search(what):
        names = (f"${unknown[1]}", f"${{{unknown[1]}}}")
        places = [each for each in script.lines if any(name in each.text for name in names)]
    if not places:
        shown = "" if line is None else f": {line.strip()}"
        return f"{script.path}: {what}{shown}"
    found = " or ".join(each.place for each in places[:_MOST_PLACES])
    return f"{found}: {what}: {places[0].text.strip()}"
