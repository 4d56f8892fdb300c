"""Structure files as ASE reads them, with what its readers guess and warn about said or refused."""

import io
import itertools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.formats import xyz
from nearsight.structures.formats.guesses import check_text, is_checked
from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u
from nearsight.structures.selection import choose, number_in

_MOST_READS_PAST_THE_END = 1000


_SEARCHED_WITHOUT_END = frozenset({"cp2k-restart", "gamess-us-punch"})
"""Formats whose readers of ASE look for the end of a section behind that of a file, for ever."""


# At a lower tolerance the reader starts the program castep to ask for the keywords that it knows.
_SETTINGS: dict[str, dict[str, Any]] = {
    "castep-cell": {"calculator_args": {"keyword_tolerance": 3}}
}


class EndingText(io.StringIO):
    """A text that can be read to its end, but not for ever after."""

    def __init__(self, text: str) -> None:
        super().__init__(text, newline=None)
        self._n_past_the_end = 0

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # as in StringIO
        """Return the next line, or an empty one at the end, which the reader must notice.

        Raises
        ------
        StructureError
            It has not.
        """
        line = super().readline(-1 if size is None else size)
        if not line:
            self._n_past_the_end += 1
            if self._n_past_the_end > _MOST_READS_PAST_THE_END:
                raise StructureError(
                    "It ends where a section of it should go on; write or copy it again."
                )
        return line


@dataclass(frozen=True)
class _Chosen:
    """One of the structures of a file."""

    atoms: Atoms
    position: int
    note: Remark | None


def read_with_ase(file: Path, choice: str | None) -> tuple[Atoms, list[Remark]]:
    """Return one structure of a file and remarks about it.

    Parameters
    ----------
    file
        It exists and may be read.
    choice
        The number of the structure, counted from 1; the last by default.

    Raises
    ------
    StructureError
        The format is unknown, the file is damaged, has no such structure, or the reader would have
        to guess its elements or its symmetry.
    """
    from ase.io.formats import UnknownFileTypeError

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found, remarks = _read(file, choice)
        except StructureError:
            raise
        except (UnknownFileTypeError, ModuleNotFoundError) as error:
            raise StructureError(
                "It is of no format that ASE knows; use CIF, POSCAR or extended XYZ with the usual "
                "file name (`ase info --formats` lists all)."
            ) from error
        except MemoryError as error:
            raise StructureError(
                "It asks for more memory than there is: it is damaged, or of too many atoms."
            ) from error
        except Exception as error:
            # ASE has about a hundred parsers, and each raises what it stumbled over.
            raise StructureError(_damaged(error)) from error
    _require_full_occupancy(found)
    return found, [*_warned(caught), *remarks]


def _read(file: Path, choice: str | None) -> tuple[Atoms, list[Remark]]:
    from ase.io import iread
    from ase.io.formats import filetype, open_with_compression

    # The absolute path, and no splitting at "@", keep ASE from taking a name such as "mysql.xyz"
    # for a database or "a@2.xyz" for an image number.
    source = str(file.absolute())
    name = filetype(source)
    remarks: list[Remark] = []
    spelled = xyz.Spelled("", (), ())
    stream: str | io.StringIO = source
    if name in xyz.FORMATS or name in _SEARCHED_WITHOUT_END or is_checked(name):
        with open_with_compression(source, "rb") as opened:
            text = opened.read().decode("utf-8-sig", errors="replace")
        remarks += check_text(name, text)
        if name in xyz.FORMATS:
            spelled = xyz.with_known_elements(text)
            stream = io.StringIO(spelled.text)
        elif name in _SEARCHED_WITHOUT_END:
            stream = EndingText(text)
    images = iread(
        stream,
        index=slice(None),
        format=name,
        do_not_split_by_at_sign=True,
        **_SETTINGS.get(name, {}),
    )
    chosen = _chosen(images, choice)
    atoms = chosen.atoms
    if chosen.note:
        remarks.insert(0, chosen.note)
    if name in xyz.FORMATS:
        remarks += xyz.complete(atoms, spelled, chosen.position)
    return atoms, remarks


def _chosen(images: Iterator[object], choice: str | None) -> _Chosen:
    """Return the structure that was asked for; the others are not kept in memory."""
    wanted = number_in(choice)
    if wanted:
        images = itertools.islice(images, wanted)
    last: object = None
    count = 0
    for count, last in enumerate(images, start=1):  # noqa: B007  # the last is what is wanted
        pass
    if count == 0:
        raise StructureError("It contains no atoms; check that it is a structure file.")
    position, note = choose(choice, [""] * count)
    if not isinstance(last, Atoms):
        raise StructureError("It holds no structure; give a file with atoms.")
    return _Chosen(last, position, note)


def _damaged(error: Exception) -> str:
    if isinstance(error, KeyError) and error.args and error.args[0] in HYDROGEN_ISOTOPES_u:
        return (
            f"It names hydrogen {error.args[0]}, which is read in CIF and XYZ only; write H, or an "
            f"extended XYZ with a column of masses."
        )
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return (
        f"It cannot be read ({reason}); it is damaged, or its name promises another format than "
        f"its content has."
    )


def _warned(caught: list[warnings.WarningMessage]) -> list[Remark]:
    """Return ASE's warnings about the file as sentences."""
    # Only plain UserWarnings are about the file. The other categories (deprecations) tell ASE's
    # developers about their own code and would mean nothing to the reader of a structure.
    return [
        Remark("reader-warning", str(warning.message).strip())
        for warning in caught
        if warning.category is UserWarning
    ]


def _require_full_occupancy(atoms: Atoms) -> None:
    """Refuse shared sites, which ASE's own files of a structure keep under this key."""
    occupancies = atoms.info.get("occupancy")
    if not isinstance(occupancies, Mapping):
        return
    for site, shares in occupancies.items():
        if not isinstance(shares, Mapping) or list(shares.values()) not in ([1], [1.0]):
            raise StructureError(
                f"Its site {site} is partially occupied or shared ({shares}); choose one ordered "
                f"arrangement of the atoms."
            )
