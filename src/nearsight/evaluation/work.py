"""What an examination is given beside the model: where items are kept, and who hears of them."""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from nearsight.bounded_json import parse_json
from nearsight.evaluation.failure import Failure, failure_of, leaves_nothing
from nearsight.evaluation.settings import ReferenceData
from nearsight.fingerprint import json_sha256
from nearsight.progress import Progress, SeveralProgress
from nearsight.records.codec import decoder, encoder
from nearsight.storage import write_text

Part = TypeVar("Part")

NOT_TRIED = "not tried"
"""The reason of the failure at items that a model was given up before."""

_NAME = re.compile(r"[\w.+-]+", flags=re.ASCII)
_OTHER = re.compile(r"[^\w.+-]", flags=re.ASCII)
_LONGEST_NAME, _DIGITS = 100, 10


def _nobody(_: object) -> None:
    """Hear that an item is begun or has failed, and do nothing."""


class Work:
    """Computes the items of an examination, each of which is kept as soon as it is done.

    Parameters
    ----------
    folder
        Where items are kept, for this model and effort alone; None keeps nothing.
    progress
        Where it is told how far something has come; an examination may use it for what takes long
        within an item.
    begun
        Told the file of each item before it is computed: whoever survives the death of this process
        then knows at which one that was.
    data
        What users have of references.
    given_up
        The failure at each item that is not kept, where nothing is to be computed any more.
    ended
        Told the failure after which this process is of no use: what it raises ends the examination.
    """

    def __init__(
        self,
        folder: Path | None = None,
        progress: Progress | None = None,
        begun: Callable[[Path], None] = _nobody,
        data: ReferenceData | None = None,
        *,
        given_up: Failure | None = None,
        ended: Callable[[Failure], None] = _nobody,
    ) -> None:
        self._folder = folder
        self.progress = SeveralProgress() if progress is None else progress
        self._begun = begun
        self._given_up = given_up
        self._ended = ended
        self.data = ReferenceData() if data is None else data

    def each(
        self, what: str, names: Iterable[str], compute: Callable[[str], Part], kind: type[Part]
    ) -> tuple[dict[str, Part], dict[str, Failure]]:
        """Compute an item for each name, unless it is kept already.

        Parameters
        ----------
        what
            What the items are, such as ``curves``; with the name of an item it names its file.
        names
            What they are called, such as crystals by a user's files.
        compute
            Computes one. What it raises is a failure of the model at this item alone.
        kind
            What an item is: a frozen dataclass whose fields have `Says`.

        Returns
        -------
        tuple
            The items, and how the model failed at others; both by name.
        """
        ordered = list(names)
        done: dict[str, Part] = {}
        failed: dict[str, Failure] = {}
        with self.progress.task(what, len(ordered)) as advance:
            for place, name in enumerate(ordered, start=1):
                found = self._item(what, name, compute, kind)
                if isinstance(found, Failure):
                    failed[name] = found
                else:
                    done[name] = found
                advance(place, name)
        return done, failed

    def once(self, name: str, compute: Callable[[], Part], kind: type[Part]) -> Part | Failure:
        """Compute one item, unless it is kept already; see `each`."""
        done, failed = self.each(name, [name], lambda _: compute(), kind)
        return failed[name] if failed else done[name]

    def folder_of(self, what: str, name: str) -> Path | None:
        """Return a folder for what an item that takes long keeps itself; None to keep nothing."""
        if self._folder is None:
            return None
        folder = self._path(self._folder, what, name).with_suffix("")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _item(
        self, what: str, name: str, compute: Callable[[str], Part], kind: type[Part]
    ) -> Part | Failure:
        path = None if self._folder is None else self._path(self._folder, what, name)
        kept = None if path is None else _kept(path, kind)
        if kept is not None:
            return kept
        if self._given_up is not None:
            if path is not None:
                keep_failure(path, self._given_up)
            return self._given_up
        if path is not None:
            self._begun(path)
        try:
            found = compute(name)
            values = {"result": encoder(kind)(found)}
        except Exception as error:  # whatever a model raises: the other items must go on
            failure = failure_of(error)
            if leaves_nothing(error):
                self._ended(failure)
            if path is not None:
                keep_failure(path, failure)
            return failure
        if path is not None:
            _write(path, values)
        return found

    @staticmethod
    def _path(folder: Path, what: str, name: str) -> Path:
        return folder / f"{what.replace(' ', '-')}.{_file_name(name)}.json"


def _file_name(name: str) -> str:
    """Return a name as one of a file: with a digest if it has other signs, or is too long."""
    if _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME:
        return name
    known = _OTHER.sub("_", name)[:_LONGEST_NAME]
    return f"{known}~{json_sha256(name)[:_DIGITS]}"


def keep_failure(path: Path, failure: Failure) -> None:
    """Keep how a model failed at the item of a file."""
    _write(path, {"failure": encoder(Failure)(failure)})


def forget_failures(folder: Path) -> None:
    """Remove the items of a folder at which the model failed, with what they have kept themselves.

    If there are some that were not tried, it is only these: the others would end the process of the
    model once more before they had their turn.
    """
    failed = _failed(folder)
    untried = [path for path, failure in failed.items() if failure.reason == NOT_TRIED]
    for path in untried or failed:
        path.unlink()
        shutil.rmtree(path.with_suffix(""), ignore_errors=True)


def number_of_items(folder: Path) -> int:
    """Return how many items are kept in a folder, those at which the model failed among them."""
    return len(list(folder.glob("*.json")))


def has_failures(folder: Path) -> bool:
    """Tell whether a model has failed at an item that is kept in a folder."""
    return bool(_failed(folder))


def _failed(folder: Path) -> dict[Path, Failure]:
    kept = {path: _kept(path, Failure) for path in sorted(folder.glob("*.json"))}
    return {path: found for path, found in kept.items() if isinstance(found, Failure)}


def _write(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(values, allow_nan=False) + "\n")


def _kept(path: Path, kind: type[Part]) -> Part | Failure | None:
    """Return the item of a file; None where there is none that can be read."""
    try:
        values = parse_json(path.read_bytes())
        if "failure" in values:
            failure: Failure = decoder(Failure)(values["failure"])
            return failure
        part: Part = decoder(kind)(values["result"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return part
