"""The store of a campaign: an ASE database with tables of its own, in whole transactions."""

import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.db.sqlite import all_tables

import nearsight
from nearsight.campaigns.campaign_file import CampaignFile
from nearsight.campaigns.failures import MEMORY
from nearsight.campaigns.inputs import Input
from nearsight.campaigns.keys import job_key
from nearsight.campaigns.pairs import pairs_of
from nearsight.campaigns.schema import LARGE, NAMED, READING, SCHEMA, TABLES
from nearsight.campaigns.specification import Specification
from nearsight.campaigns.sqlite_errors import errors_of
from nearsight.campaigns.task import Answer, Introduction
from nearsight.campaigns.waiting import Waiting
from nearsight.errors import CheckpointError, ModelError, StorageError
from nearsight.fingerprint import structure_sha256
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.result_archives import atoms_from_arrays, atoms_to_arrays

_AT_ONCE = 500
_PATIENCE_S = 60.0
"""How long what is written waits for those that read."""


class _OfTheseAtoms(SinglePointCalculator):
    """Results of just these atoms, which ASE would compare anew for each quantity that it writes.

    That takes half of the time of writing a row.
    """

    name = "unknown"  # as ASE calls such results

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:  # noqa: ARG002
        return []


class Store(CampaignFile):
    """A campaign in a file, to which is written.

    Each method that writes does so in one transaction: whatever ends the process, all of it is
    there, or nothing. One process writes at a time (`nearsight.locking`); any may read meanwhile.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        It is no campaign, or one of another version of these tables.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.campaigns import Input, Specification, Store
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    >>> store = Store.create("run.db", asked)
    >>> added = list(store.add([Input("Cu", bulk("Cu")), Input("Al", bulk("Al"))]))
    >>> store.select("SELECT name FROM nearsight_names")
    [('Al',), ('Cu',)]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        # Whoever holds ASE's own lock file when it is killed leaves it for ever.
        self._rows = connect(str(self.path), type="db", use_lock_file=False)

    @classmethod
    def create(cls, path: str | os.PathLike[str], specification: Specification) -> "Store":
        """Make a new store, whole or not at all.

        Raises
        ------
        StorageError
            There is something at `path` already, or it cannot be written.
        """
        target = Path(path)
        if os.path.lexists(target):
            raise StorageError(f"{target} is there already; choose another `out`.")
        header = {
            "schema": SCHEMA,
            "nearsight": nearsight.__version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "specification": specification.to_json(),
        }
        fresh = target.with_name(f".{target.name}.new")
        with errors_of(target):
            fresh.unlink(missing_ok=True)  # of a process that was killed here
            try:
                rows = connect(str(fresh), type="db", use_lock_file=False)
                with rows:
                    rows.count()  # makes ASE's tables
                    for statement in TABLES:
                        rows.connection.execute(statement)
                    rows.connection.executemany(
                        "INSERT INTO nearsight_campaign VALUES (?, ?)",
                        [(name, json.dumps(value)) for name, value in header.items()],
                    )
                os.rename(fresh, target)
            finally:
                with suppress(OSError):
                    fresh.unlink(missing_ok=True)
        return cls(target)

    def extend(self, specification: Specification) -> None:
        """Ask further questions, or ask further models.

        Raises
        ------
        SettingError
            Settings contradict those of the campaign.
        """
        joined = self.specification.joined(specification)
        if joined.to_json() == self._header["specification"]:
            return
        with self._transaction() as connection:
            connection.execute(
                "UPDATE nearsight_campaign SET value = ? WHERE name = 'specification'",
                (json.dumps(joined.to_json()),),
            )
        self._header = self._read_header()

    def add(self, inputs: Iterable[Input]) -> Iterator[int]:
        """Add structures, some hundreds in a transaction, and yield how many names came so far.

        What is there already stays as it is; a name that could not be read before, can be. What was
        not done of structures that no name has any more, since their files changed, is forgotten.
        """
        n, left = 0, iter(inputs)
        first = next(left, None)  # finds a mistyped name while all is as it was
        if first is None:
            return
        left = chain([first], left)
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO nearsight_campaign VALUES (?, '1')", (READING,)
            )
        while some := list(islice(left, _AT_ONCE)):
            with self._transaction() as connection:
                for each in some:
                    _add(connection, each)
            n += len(some)
            yield n
        with self._transaction() as connection:
            _forget_nameless(connection)
            connection.execute("DELETE FROM nearsight_campaign WHERE name = ?", (READING,))

    def introduce(self, model: str, introduction: Introduction) -> None:
        """Define the jobs of a model that has been loaded, but for those that are there.

        Raises
        ------
        ModelError
            It is another model than that of the records that are there.
        """
        self._require_same(model, introduction)
        settings = self.specification.settings
        digests = [row[0] for row in self.select(f"SELECT DISTINCT {NAMED}")]
        jobs = [
            (job_key(digest, workflow, each, introduction.model_sha256), digest, workflow, model)
            for digest in digests
            for workflow, each in settings.items()
        ]
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO nearsight_models VALUES (?, ?, ?)",
                (model, introduction.model_sha256, json.dumps(introduction.identity)),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO nearsight_jobs (key, sha256, workflow, model) "
                "VALUES (?, ?, ?, ?)",
                jobs,
            )

    def waiting(self, model: str, state: str = "waiting") -> list[Waiting]:
        """Return what is still to be done by a model, or of state `LARGE`."""
        rows = self.select(
            "SELECT key, sha256, min(name), workflow, n_atoms, deaths FROM nearsight_jobs "
            "JOIN nearsight_structures USING (sha256) JOIN nearsight_names USING (sha256) "
            "WHERE model = ? AND state = ? GROUP BY key",
            (model, state),
        )
        return [Waiting(*row) for row in rows]

    def structure(self, sha256: str) -> tuple[Atoms, tuple[Remark, ...]]:
        """Return a structure by its digest, with what was noticed when it was read.

        Raises
        ------
        CheckpointError
            It is damaged.
        """
        [(content, remarks)] = self.select(
            "SELECT atoms, remarks FROM nearsight_structures WHERE sha256 = ?", (sha256,)
        )
        return self._unpacked(content), tuple(remarks_from_json(json.loads(remarks)))

    def keep(
        self, answers: Sequence[tuple[Waiting, Answer]], model: str, *, in_shares: bool = False
    ) -> None:
        """Write what came of jobs.

        Parameters
        ----------
        answers
            Jobs and their answers.
        model
            Of which model they are.
        in_shares
            Whether each had a share of the memory only: what lacked some waits for all of it.

        Raises
        ------
        StorageError
            They cannot be written; what was there is intact.
        """
        with self._transaction() as connection:
            for job, answer in answers:
                failure = answer.failure
                is_large = in_shares and failure is not None and failure.reason == MEMORY
                self._keep(connection, job, answer, model)
                if is_large:
                    connection.execute(
                        "UPDATE nearsight_jobs SET state = ? WHERE key = ? AND state = 'failed'",
                        (LARGE, job.key),
                    )

    def count_death(self, key: str) -> None:
        """Note that a worker has ended while it was at a job."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE nearsight_jobs SET deaths = deaths + 1 WHERE key = ?", (key,)
            )

    def retry(self, reasons: Sequence[str] = ()) -> int:
        """Let failures be tried again, and return how many there are.

        Parameters
        ----------
        reasons
            Those of these reasons or errors only; by default all.
        """
        asked = ", ".join("?" * len(reasons))
        only = f" AND (reason IN ({asked}) OR error IN ({asked}))" if reasons else ""
        with self._transaction() as connection:
            found = connection.execute(
                f"UPDATE nearsight_jobs SET state = 'waiting', deaths = 0, error = NULL, "
                f"reason = NULL, message = NULL, seconds = NULL, peak_memory_bytes = NULL, "
                f"host = NULL, ended = NULL WHERE state = 'failed'{only}",
                (*reasons, *reasons),
            )
        return int(found.rowcount)

    def _keep(
        self, connection: sqlite3.Connection, job: Waiting, answer: Answer, model: str
    ) -> None:
        [(state, system)] = connection.execute(
            "SELECT state, system FROM nearsight_jobs WHERE key = ?", (job.key,)
        ).fetchall()
        if state == "done":
            return
        failure = answer.failure
        why = (None,) * 3 if failure is None else (failure.kind, failure.reason, failure.message)
        atoms = answer.atoms
        if atoms is None:
            # By this connection: when much is written, no other one may read until it is done.
            [(content,)] = connection.execute(
                "SELECT atoms FROM nearsight_structures WHERE sha256 = ?", (job.sha256,)
            ).fetchall()
            atoms = self._unpacked(content)
        elif atoms.calc is not None:
            results = atoms.calc.results
            atoms = atoms.copy()
            atoms.calc = _OfTheseAtoms(atoms, **results)
        # As text, which ASE reads, too: its binary form takes ten times as long.
        data = {} if answer.record is None else f'{{"record":{answer.record}}}'
        system = self._rows.write(
            atoms, key_value_pairs=pairs_of(job, answer, model), data=data, id=system
        )
        connection.execute(
            "UPDATE nearsight_jobs SET state = ?, system = ?, error = ?, reason = ?, message = ?, "
            "seconds = ?, peak_memory_bytes = ?, host = ?, ended = ? WHERE key = ?",
            (
                "done" if failure is None else "failed",
                system,
                *why,
                answer.seconds,
                answer.peak_memory_bytes,
                answer.host,
                answer.ended,
                job.key,
            ),
        )

    def _unpacked(self, content: bytes) -> Atoms:
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                return atoms_from_arrays({name: arrays[name] for name in arrays.files})
        except (ValueError, KeyError, OSError) as error:
            raise CheckpointError(f"a structure of {self.path} is damaged: {error}.") from error

    def _require_same(self, model: str, introduction: Introduction) -> None:
        known = self.select(
            "SELECT sha256, identity FROM nearsight_models WHERE name = ?", (model,)
        )
        if known and known[0][0] != introduction.model_sha256:
            before = json.loads(known[0][1])
            names = before.keys() | introduction.identity.keys()
            changed = [n for n in sorted(names) if before.get(n) != introduction.identity.get(n)]
            raise ModelError(
                f"{model} is another model than that of the records in {self.path}: "
                f"{', '.join(changed)} changed. Use the former one, or another `out`."
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection on which all is written when the block ends well, or nothing is."""
        with errors_of(self.path):
            try:
                with self._rows:
                    patience_ms = round(1000 * _PATIENCE_S)
                    self._rows.connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
                    self._rows.connection.execute("BEGIN IMMEDIATE")
                    yield self._rows.connection
            finally:
                if (left := self._rows.connection) is not None:  # of a commit that failed
                    self._rows.connection = None
                    left.close()


def _forget_nameless(connection: sqlite3.Connection) -> None:
    """Remove what is not done of structures that no name has, with the rows of its failures."""
    jobs = f"FROM nearsight_jobs WHERE state != 'done' AND sha256 NOT IN (SELECT {NAMED})"
    for table in all_tables[::-1]:
        connection.execute(f"DELETE FROM {table} WHERE id IN (SELECT system {jobs})")
    connection.execute(f"DELETE {jobs}")
    connection.execute(
        f"DELETE FROM nearsight_structures WHERE sha256 NOT IN (SELECT {NAMED}) "
        f"AND sha256 NOT IN (SELECT sha256 FROM nearsight_jobs)"
    )


def _add(connection: sqlite3.Connection, each: Input) -> None:
    if each.atoms is None:
        connection.execute(
            "INSERT INTO nearsight_names VALUES (?, NULL, ?) ON CONFLICT (name) DO "
            "UPDATE SET message = excluded.message WHERE sha256 IS NULL",
            (each.name, each.failure),
        )
        return
    digest = structure_sha256(each.atoms)
    content = io.BytesIO()
    arrays: dict[str, Any] = dict(atoms_to_arrays(each.atoms))
    np.savez_compressed(content, **arrays)
    connection.execute(
        "INSERT OR IGNORE INTO nearsight_structures VALUES (?, ?, ?, ?, ?)",
        (
            digest,
            content.getvalue(),
            json.dumps(remarks_to_json(each.remarks)),
            each.atoms.get_chemical_formula(),
            len(each.atoms),
        ),
    )
    connection.execute(
        "INSERT INTO nearsight_names VALUES (?, ?, NULL) ON CONFLICT (name) DO "
        "UPDATE SET sha256 = excluded.sha256, message = NULL",
        (each.name, digest),
    )
