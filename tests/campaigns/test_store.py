"""The store: what is refused, and that nothing is half written."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import ase.db
import pytest

from moody import FAILING
from nearsight.campaigns import (
    CampaignFile,
    Input,
    Specification,
    Store,
    read_inputs,
    run_campaign,
    status_of,
)
from nearsight.campaigns.failures import Failure
from nearsight.campaigns.keys import job_key
from nearsight.campaigns.pairs import as_text
from nearsight.campaigns.task import Answer, Introduction
from nearsight.errors import (
    CheckpointError,
    MethodError,
    SettingError,
    StorageError,
    StructureError,
)
from nearsight.models.spec import ModelSpec
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.workflows import EnergySettings, RelaxSettings

from .conftest import InOneProcess, cell, in_this_process, inputs

Run = Callable[..., None]
MODEL = ModelSpec("ase:emt")


def test_specification_comes_back(tmp_path: Path) -> None:
    settings = RelaxSettings(relaxation=RelaxationSettings(fmax_eV_per_A=0.02))
    asked = Specification({"relax": settings, "energy": EnergySettings()}, (MODEL,))
    Store.create(tmp_path / "run.db", asked)
    assert CampaignFile(tmp_path / "run.db").specification == asked


def test_other_settings_of_a_campaign_are_named(store: Store) -> None:
    other = Specification({"energy": EnergySettings(forces=True)}, store.specification.models)
    with pytest.raises(SettingError, match=r"other settings of energy: forces is False there"):
        store.extend(other)
    [model] = store.specification.models
    single = ModelSpec(model.name, dtype="float32")
    with pytest.raises(SettingError, match="in float64, not float32"):
        store.extend(Specification({"energy": EnergySettings()}, (single,)))


def test_another_setting_is_another_key() -> None:
    keys = {
        job_key(structure, workflow, settings, model)
        for structure in "ab"
        for model in "mn"
        for workflow, settings in (
            ("energy", EnergySettings()),
            ("energy", EnergySettings(stress=True)),
            ("relax", RelaxSettings()),
        )
    }
    assert len(keys) == 12


def test_empty_and_double_specifications_are_refused() -> None:
    with pytest.raises(MethodError, match="needs a workflow and a model"):
        Specification({}, (MODEL,))
    with pytest.raises(MethodError, match="named twice"):
        Specification({"energy": EnergySettings()}, (MODEL, MODEL))


def test_what_is_no_campaign_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    ase.db.connect(path).write(cell())
    with pytest.raises(CheckpointError, match="a database of something else"):
        Store(path)
    path.write_text("no database at all, but a text", encoding="ascii")
    with pytest.raises(CheckpointError, match="file is not a database"):
        Store(path)
    with pytest.raises(CheckpointError, match="does not exist"):
        Store(tmp_path / "none.db")


def test_other_form_of_tables_is_refused_with_the_version_that_made_it(store: Store) -> None:
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE nearsight_campaign SET value = '7' WHERE name = 'schema'")
    with pytest.raises(CheckpointError, match=r"tables of form 7, .* use Nearsight 0\."):
        Store(store.path)


def test_what_is_there_is_not_overwritten(store: Store, asked: Specification) -> None:
    with pytest.raises(StorageError, match="is there already"):
        Store.create(store.path, asked)


def test_folder_that_cannot_be_written_is_said(tmp_path: Path, asked: Specification) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        Store.create(tmp_path / "none" / "run.db", asked)


def test_full_disk_loses_nothing_of_what_was_there(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(inputs(3))

    class Full(sqlite3.Connection):
        def commit(self) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Full))
    with pytest.raises(StorageError, match=r"disk is full.*is intact"):
        run(inputs(5))
    monkeypatch.undo()
    assert status_of(Store(store.path)).tallies[0].done == 3
    run(inputs(5))
    assert status_of(store).tallies[0].done == 5


def introduced(store: Store) -> str:
    """Define the jobs of a store's model, and return its name."""
    [model] = store.specification.models
    store.introduce(model.name, Introduction("", "", {}, "digest"))
    return model.name


def test_failure_among_records_that_fill_the_cache_of_sqlite_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearsight.campaigns.campaign_file._PATIENCE_S", 0.1)
    list(store.add(inputs(2)))
    model = introduced(store)
    large, failed = store.waiting(model)
    record = f'"{"x" * 5_000_000}"'  # from 2 MB on nobody else may read the file
    done = Answer(record, cell(), {}, None, 1.0, 0, "", "")
    failure = Answer(None, None, {}, Failure("ModelError", "model", "no"), 1.0, 0, "", "")
    store.keep([(large, done), (failed, failure)], model)
    status = status_of(store)
    assert (status.tallies[0].done, status.tallies[0].failed) == (1, {"model": 1})
    row = ase.db.connect(store.path).get(reason="model")
    assert (row.positions == store.structure(failed.sha256)[0].positions).all()


def test_writer_waits_for_those_that_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nearsight.campaigns.store._PATIENCE_S", 0.1)
    reader = sqlite3.connect(store.path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM nearsight_campaign").fetchall()
    with pytest.raises(StorageError, match="locked"):
        list(store.add(inputs(1)))
    reader.close()
    list(store.add(inputs(1)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_file_that_may_not_be_written_is_said(store: Store, run: Run) -> None:
    store.path.chmod(0o444)
    with pytest.raises(StorageError, match="readonly"):
        run(inputs(1))


def test_name_that_could_not_be_read_can_be_later(store: Store, run: Run) -> None:
    broken = Input("a.cif", None, failure="a.cif: it is broken.")
    run([broken])
    assert status_of(store).n_unreadable == 1
    run([Input("a.cif", cell()), broken])
    assert (status_of(store).n_unreadable, status_of(store).tallies[0].done) == (0, 1)


def test_campaign_of_which_only_a_part_was_read_is_not_worked_on(store: Store, run: Run) -> None:
    def interrupted() -> Iterator[Input]:
        yield from inputs(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(store.add(interrupted()))
    with pytest.raises(CheckpointError, match="does not have all of its structures"):
        run_campaign(store, in_this_process)
    run(inputs(2))
    assert status_of(store).tallies[0].done == 2


def test_mistyped_name_leaves_a_campaign_as_it_was(store: Store, run: Run) -> None:
    run(inputs(1))
    with pytest.raises(StructureError, match="no file matches"):
        list(store.add(read_inputs(["none*.cif"])))
    assert store.is_read
    run()


def test_file_that_has_changed_is_another_structure(store: Store, run: Run) -> None:
    run([Input("a.cif", cell(seed=0))])
    run([Input("a.cif", cell(seed=1))])
    status = status_of(store)
    assert (status.n_names, status.n_structures, status.tallies[0].done) == (1, 1, 2)


def test_failure_of_a_file_that_was_corrected_is_forgotten(store: Store, run: Run) -> None:
    run([Input("a.cif", cell(FAILING)), *inputs(1)])
    assert status_of(store).n_failed == 1
    run([Input("a.cif", cell(seed=1))])
    status = status_of(store)
    assert (status.n_failed, status.tallies[0].total, status.tallies[0].done) == (0, 2, 2)
    assert status.is_complete
    assert store.select("SELECT count(*) FROM nearsight_structures") == [(2,)]
    rows = ase.db.connect(store.path)
    assert [row.state for row in rows.select()] == ["done", "done"]
    assert rows.count(Xe=1) == rows.count(reason="model") == 0


def test_file_that_changed_before_it_was_computed_is_computed_once(
    store: Store, run: Run, asked: Specification
) -> None:
    list(store.add([Input("a.cif", cell(seed=0))]))
    introduced(store)
    with sqlite3.connect(store.path) as connection:
        connection.execute("DELETE FROM nearsight_models")
    run([Input("a.cif", cell(seed=1))])
    assert status_of(store).tallies[0].total == 1


def test_new_question_is_not_asked_of_what_a_file_was_before(store: Store, run: Run) -> None:
    run([Input("a.cif", cell(seed=0))])
    store.extend(Specification({"relax": RelaxSettings()}, store.specification.models))
    run([Input("a.cif", cell(seed=1))])
    status = status_of(store)
    assert status.is_complete
    assert {each.workflow: each.total for each in status.tallies} == {"energy": 2, "relax": 1}

    def started_again(*_: object) -> InOneProcess:
        raise AssertionError

    run_campaign(store, started_again)


def test_version_with_more_settings_computes_nothing_again(store: Store, run: Run) -> None:
    run(inputs(2))
    with sqlite3.connect(store.path) as connection:  # as if by other settings
        connection.execute("UPDATE nearsight_jobs SET key = 'former' || key")
    run(inputs(3))
    assert status_of(store).tallies[0].total == 3
    assert ase.db.connect(store.path).count() == 3


@pytest.mark.parametrize("name", ["12", "1e5", "nan", "True", "a.cif", "x@1"])
def test_any_name_can_be_a_text_of_ase(tmp_path: Path, name: str) -> None:
    rows = ase.db.connect(tmp_path / "rows.db")
    rows.write(cell(), structure_name=as_text(name))
    assert name in rows.get(1).structure_name
