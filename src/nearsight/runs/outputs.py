"""Where the results of a run go: JSON, tables, a page, structures."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nearsight import records
from nearsight.errors import NearsightError
from nearsight.runs.json_file import JsonOutput, Record
from nearsight.runs.json_lines_file import JsonLinesOutput
from nearsight.runs.structure_files import StructureOutput
from nearsight.runs.told import LOGGED, Told
from nearsight.tables.csv_files import CsvOutput
from nearsight.tables.table import Table
from nearsight.workflows.settings import ReadingSettings

if TYPE_CHECKING:
    from nearsight.runs.page import ReportOutput


@dataclass(frozen=True)
class Outcome:
    """What one structure gave."""

    record: Record
    """The JSON object."""
    show: Callable[[], None]
    """Prints it for a human."""
    entry: records.Record | None = None
    """What a report shows of it; None for a command without a report, and for a failure."""
    tables: Callable[[], Sequence[Table]] = tuple
    """What files of tables have of it."""
    files: tuple[str, ...] = ()
    """What was written of it alone."""

    @classmethod
    def of(
        cls,
        record: records.Record,
        show: Callable[[], None],
        tables: Callable[[], Sequence[Table]] = tuple,
        files: Iterable[str | None] = (),
    ) -> "Outcome":
        """Return the outcome that a record tells; None among `files` is what was not asked for."""
        written = tuple(file for file in files if file is not None)
        return cls(record.to_json(), show, record, tables, written)


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """What a run is asked to write; None is not asked for."""

    json: str | None = None
    """All records, written at the end; ``-`` for standard output."""
    jsonl: str | None = None
    """Each record, as soon as it is there."""
    append: bool = False
    """Whether `jsonl` goes on with what is there."""
    csv: str | None = None
    """Tables of all structures."""
    report: str | None = None
    """One page."""
    structures: str | None = None
    """Relaxed structures, in a file or a folder."""
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    """How the structures are read that are relaxed."""


class RunOutputs:
    """All that a run writes.

    Parameters
    ----------
    files
        What is asked for.
    sources
        The structures.
    command
        The command line, for the page.
    told
        Where it is told what could not be written, while the run goes on.

    Raises
    ------
    StructureError, StorageError
        Structures cannot be written where they were asked for.
    """

    def __init__(
        self,
        files: RunFiles,
        sources: Sequence[str],
        command: str | None = None,
        told: Told = LOGGED,
    ) -> None:
        self._json = JsonOutput(files.json, many=len(sources) > 1)
        self._lines = JsonLinesOutput(files.jsonl, append=files.append, told=told)
        self._report = _page(files.report, sources, command, told)
        self._tables = CsvOutput(files.csv)
        self._structures = StructureOutput(files.structures, sources, told, files.reading)
        self._told = told

    def add_record(self, record: Record) -> None:
        """Add a record to the JSON and its lines.

        Raises
        ------
        ValueError, TypeError
            It holds something that JSON does not know; neither has it then.
        """
        self._json.add(record)
        self._lines.add(record)

    def add(self, path: str, outcome: Outcome) -> bool:
        """Add what a structure gave to everything else, and tell whether that was possible."""
        self._tabulate(path, outcome)
        drawn = self._report is None or self._report.add(outcome.record, outcome.entry)
        try:
            self._structures.add(path, outcome.entry)
        except NearsightError as error:  # the other results of the structure are sound
            self._told.say(f"{path}: {error}")
            return False
        return drawn

    @contextlib.contextmanager
    def finished_at_the_end(self) -> Iterator[None]:
        """Write everything when the block ends, be that reached, failed or interrupted.

        Raises
        ------
        NearsightError
            Something cannot be written; everything else is.
        """
        try:
            yield
        except BaseException:
            for finish in self._finishing:
                try:
                    finish()
                except NearsightError as error:  # must not hide why the run ends
                    self._told.say(str(error))
            raise
        with contextlib.ExitStack() as stack:
            for finish in reversed(self._finishing):
                stack.callback(finish)

    @property
    def _finishing(self) -> tuple[Callable[[], None], ...]:
        outputs = (self._lines, self._json, self._tables, self._structures, self._report)
        return tuple(output.finish for output in outputs if output is not None)

    def _tabulate(self, path: str, outcome: Outcome) -> None:
        """Add the tables of a structure to those of the run, or that it has none."""
        if "error" in outcome.record:
            self._tables.add_failure(path, str(outcome.record["error"]["message"]))
        else:
            model = outcome.record.get("model")
            name = model["name"] if isinstance(model, Mapping) else model
            self._tables.add(path, name, outcome.tables())


def _page(
    target: str | None, sources: Sequence[str], command: str | None, told: Told
) -> "ReportOutput | None":
    """Return the page, if one is asked for: all that pages are made of takes its time."""
    if target is None:
        return None
    from nearsight.runs.page import ReportOutput

    return ReportOutput(target, sources, command, told=told)
