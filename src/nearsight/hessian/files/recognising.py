"""Which program wrote a Hessian, by what is in its file."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import CheckpointError
from nearsight.hessian.files.ase_vibrations import is_ase_vibrations, read_ase_vibrations
from nearsight.hessian.files.content import Content
from nearsight.hessian.files.fhi_aims import is_fhi_aims, only_numbers, read_fhi_aims
from nearsight.hessian.files.gaussian_checkpoint import (
    is_gaussian_checkpoint,
    read_gaussian_checkpoint,
)
from nearsight.hessian.files.gaussian_log import (
    has_gaussian_hessian,
    is_gaussian_log,
    read_gaussian_log,
)
from nearsight.hessian.files.orca import is_orca, read_orca
from nearsight.remarks import Remark

_TITLE_OF_ORCA = "* O   R   C   A *"
_OF_ORCA = re.compile("^VIBRATIONAL FREQUENCIES", re.MULTILINE)
_OF_GAUSSIAN = re.compile(r"^ Frequencies --|^ #.*\bfreq", re.MULTILINE | re.IGNORECASE)

_HEAD_BYTES = 2**16
"""At the beginning of a file, in which it shows what it is."""


@dataclass(frozen=True)
class Format:
    """What one program writes: whose it is, whether a file is of it, and what is in that."""

    family: str
    recognises: Callable[[Path, str], bool]
    read: Callable[[Path, str], Content]


PROGRAMS = {
    "orca": Format("orca", lambda _, text: is_orca(text), read_orca),
    "gaussian-fchk": Format(
        "gaussian", lambda _, text: is_gaussian_checkpoint(text), read_gaussian_checkpoint
    ),
    "gaussian-log": Format("gaussian", lambda _, text: is_gaussian_log(text), read_gaussian_log),
    "ase": Format("ase", lambda _, text: is_ase_vibrations(text), read_ase_vibrations),
    "fhi-aims": Format("fhi-aims", is_fhi_aims, read_fhi_aims),
}

FORMATS = ("nearsight", *PROGRAMS)
"""What `read_hessian` reads."""


def is_hessian_of_other_program(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file holds the Hessian of another program, whatever else it holds.

    An output of Gaussian does if there are force constants in it; otherwise it is a structure only.

    Parameters
    ----------
    path
        The file.
    """
    file = Path(path)
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except OSError:  # for whoever reads it to say
        return False
    names = [name for name, known in PROGRAMS.items() if known.recognises(file, head)]
    if "gaussian-log" in names or head.lstrip().startswith("{"):  # not to be told by a beginning
        text = text_of(file)
        return has_gaussian_hessian(text) if "gaussian-log" in names else is_ase_vibrations(text)
    return bool(names)


def remarks_on_frequencies(path: str | os.PathLike[str]) -> tuple[Remark, ...]:
    """Return a remark about an output of frequencies that serves as a structure only.

    Whoever gives it may think of the Hessian of the program, which it does not hold.

    Parameters
    ----------
    path
        The file.
    """
    file = Path(path)
    if not file.is_file():
        return ()
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "replace")
    programs = {
        "Gaussian": (is_gaussian_log(head), _OF_GAUSSIAN, "in the .fchk"),
        "ORCA": (_TITLE_OF_ORCA in head, _OF_ORCA, "in the .hess"),
    }
    for program, (is_output, frequencies, where) in programs.items():
        if is_output and frequencies.search(text_of(file)):
            said = (
                f"{file.name} is an output of {program} of a calculation of frequencies, but holds "
                f"no force constants: only its structure is taken. {program} keeps its Hessian "
                f"{where} of the same calculation."
            )
            return (Remark("frequencies-only", said),)
    return ()


def recognise(file: Path, text: str) -> str:
    """Return which of `PROGRAMS` wrote a file.

    Raises
    ------
    CheckpointError
        None that is known.
    """
    for name, known in PROGRAMS.items():
        if known.recognises(file, text):
            return name
    if file.name == "hessian.aims":
        raise CheckpointError(
            f"{file} is FHI-aims's estimate of second derivatives, with which it relaxes; a "
            f"Hessian is in the hessian.NAME.dat of its script for vibrations."
        )
    if only_numbers(text):
        raise CheckpointError(
            f"{file} holds numbers without a word on their unit. If it is FHI-aims's Hessian, say "
            f"format='fhi-aims', or put the masses.NAME.dat of the same run beside it."
        )
    raise CheckpointError(
        f"{file} is no Hessian of a known format; known are {', '.join(FORMATS)}."
    )


def text_of(file: Path) -> str:
    """Return the text of a file, whatever its encoding and the ends of its lines."""
    return file.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")
