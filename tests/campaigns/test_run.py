"""What a campaign computes, what fails, and which workers die."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.db
import pytest

from moody import FAILING, GREEDY, KILLED, SILENT, TERMINATED
from nearsight.campaigns import (
    Input,
    Specification,
    Store,
    on_this_machine,
    run_campaign,
    status_of,
)
from nearsight.campaigns.phase import View
from nearsight.campaigns.run import Start
from nearsight.campaigns.task import calculate
from nearsight.errors import ExecutionError, ModelError, ProcessDiedError, StorageError
from nearsight.execution.tasks import TaskFuture
from nearsight.models.spec import ModelSpec
from nearsight.records import EnergyRecord, record_from_json
from nearsight.workflows import EnergySettings, RelaxSettings, energy

from .conftest import SMALL, InOneProcess, cell, in_this_process, inputs

Run = Callable[..., None]


def failures(store: Store) -> dict[str, tuple[str, str, str]]:
    rows = store.select(
        "SELECT name, error, reason, jobs.message FROM nearsight_jobs AS jobs "
        "JOIN nearsight_names USING (sha256) WHERE state = 'failed'"
    )
    return {name: (error, reason, message) for name, error, reason, message in rows}


def calls(store: Store) -> Counter[str]:
    """Return how often the model was asked for what."""
    lines = (store.path.parent / "calls").read_text(encoding="ascii").splitlines()
    return Counter(line.split()[1] for line in lines)


def test_memory_is_that_of_each_structure(tmp_path: Path) -> None:
    # In one process: what the first one has freed must not hide what those after it take.
    model = ModelSpec("ase:moody:Moody?nap=0.1&takes_MiB=300")
    asked = Specification({"energy": EnergySettings()}, (model,))
    store = Store.create(tmp_path / "run.db", asked)
    list(store.add(inputs(3)))
    run_campaign(store, on_this_machine(1, SMALL))
    peaks = [peak for (peak,) in store.select("SELECT peak_memory_bytes FROM nearsight_jobs")]
    assert len(peaks) == 3
    assert all(300 < peak / 2**20 < 450 for peak in peaks)


def test_records_are_those_of_single_runs(store: Store, run: Run, asked: Specification) -> None:
    given = inputs(5)
    run(given, n=2)
    [model] = asked.models
    for row in ase.db.connect(store.path).select():
        record = record_from_json(row.data["record"])
        atoms = next(each.atoms for each in given if each.name == row.structure_name)
        single = energy(atoms, model)
        assert isinstance(record, EnergyRecord)
        assert record.structure == row.structure_name
        assert record.energy_eV == single.energy_eV == row.energy
        assert record.relaxed_structure == single.relaxed_structure
        assert record.provenance == single.provenance
        assert row.energy_eV_per_atom == single.energy_eV_per_atom
        assert (row.toatoms().positions == atoms.positions).all()
    assert status_of(store).tallies[0].done == 5
    assert not store.work_folder.exists()


def test_nothing_is_computed_twice(store: Store, run: Run) -> None:
    given = inputs(3)
    same = Input("copy.cif", given[0].atoms)
    run([*given, same], n=1)
    run(given)
    run([*given, Input("more.cif", cell(seed=7))])
    status = status_of(store)
    assert (status.n_names, status.n_structures, status.tallies[0].done) == (5, 4, 4)
    assert status.is_complete
    assert calls(store)["Cu2"] == 4


def test_other_questions_and_models_are_added(store: Store, run: Run, tmp_path: Path) -> None:
    run(inputs(2))
    softer = ModelSpec(f"ase:moody:Moody?stiffness=0.05&folder={tmp_path}")
    store.extend(Specification({"relax": RelaxSettings()}, (softer,)))
    run()
    tallies = {(each.workflow, each.model): each.done for each in status_of(store).tallies}
    names = [model.name for model in store.specification.models]
    assert tallies == {(q, name): 2 for q in ("energy", "relax") for name in names}
    assert Store(store.path).specification == store.specification


def test_failures_are_counted_by_reason_and_cost_nothing_else(store: Store, run: Run) -> None:
    given = [*inputs(2), *inputs(1, FAILING), *inputs(1, GREEDY)]
    run([*given, Input("broken.cif", None, failure="broken.cif: it is broken.")])
    status = status_of(store)
    assert status.n_unreadable == 1
    assert status.tallies[0].failed == {"model": 1, "memory": 1}
    assert status.tallies[0].done == 2
    error, reason, message = failures(store)["Xe-0.cif"]
    assert (error, reason) == ("ModelError", "model")
    assert message.endswith("failed on CuXe: ValueError: this one fails")
    row = ase.db.connect(store.path).get(reason="model")
    assert (row.state, row.message, row.structure_name) == ("failed", message, "Xe-0.cif")


def test_failures_are_tried_again_on_request(store: Store, run: Run) -> None:
    run([*inputs(1, FAILING), *inputs(1, GREEDY)])
    run()
    assert calls(store) == {"CuXe": 1, "CuKr": 1}
    assert store.retry(["memory"]) == 1
    run()
    assert calls(store) == {"CuXe": 1, "CuKr": 2}
    assert store.retry() == 2
    run()
    assert calls(store) == {"CuXe": 2, "CuKr": 3}
    assert ase.db.connect(store.path).count() == 2


def test_what_does_not_fit_into_a_share_gets_all_of_the_memory(store: Store, run: Run) -> None:
    run([*inputs(1, GREEDY), *inputs(1)], n=2)
    assert calls(store) == {"CuKr": 2, "Cu2": 1}
    assert status_of(store).tallies[0].failed == {"memory": 1}


class InShares(InOneProcess):
    share_memory = True


def test_what_did_not_fit_gets_all_of_the_memory_also_after_an_interruption(store: Store) -> None:
    list(store.add([*inputs(1, GREEDY), *inputs(1)]))

    def interrupted(model: ModelSpec, told: Callable[[object], object], alone: bool) -> InShares:
        if alone:
            raise KeyboardInterrupt
        return InShares(model, told=told)

    with pytest.raises(KeyboardInterrupt):
        run_campaign(store, interrupted)
    status = status_of(store)
    assert (status.tallies[0].waiting, status.n_failed, status.is_complete) == (1, 0, False)
    run_campaign(store, in_this_process)
    assert calls(store) == {"CuKr": 2, "Cu2": 1}
    assert status_of(store).tallies[0].failed == {"memory": 1}
    assert status_of(store).is_complete


def test_workers_with_memory_of_their_own_are_asked_once(store: Store) -> None:
    list(store.add(inputs(1, GREEDY)))

    class OfCluster(InOneProcess):
        capacity = 4

    run_campaign(store, lambda model, told, _: OfCluster(model, told=told))
    assert calls(store) == {"CuKr": 1}


def test_structure_that_kills_its_worker_twice_is_quarantined(store: Store, run: Run) -> None:
    run([*inputs(4), *inputs(1, KILLED)], n=2)
    error, reason, message = failures(store)["Ne-0.cif"]
    assert (error, reason) == ("ProcessDiedError", "quarantined")
    assert "ended its worker 2 times" in message
    assert "the last time was killed by SIGKILL" in message
    assert calls(store) == {"Cu2": 4, "CuNe": 2}
    assert status_of(store).tallies[0].done == 4


def test_deaths_are_counted_over_the_ends_of_campaigns(store: Store, run: Run) -> None:
    run([*inputs(1), *inputs(1, FAILING)])
    store.retry()
    [(key,)] = store.select("SELECT key FROM nearsight_jobs WHERE state = 'waiting'")
    store.count_death(key)
    assert [job.deaths for job in store.waiting(store.specification.models[0].name)] == [1]
    store.retry()


def test_worker_that_was_asked_to_end_is_not_held_against_the_structure(
    store: Store, run: Run
) -> None:
    run([*inputs(2), *inputs(1, TERMINATED)], n=1)
    assert calls(store)["CuHe"] == 2
    assert status_of(store).tallies[0].done == 3
    assert store.select("SELECT sum(deaths) FROM nearsight_jobs") == [(0,)]


def dying(at: str, status: int | None, n_workers: int = 1) -> Start:
    """Return workers that end, with a status, at structures whose names begin so."""

    class Dying(InOneProcess):
        capacity = n_workers

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
            if fn is not calculate or not args[0].name.startswith(at):
                return super().submit(fn, *args, **kwargs)
            future = TaskFuture({})
            future.set_exception(ProcessDiedError("it was lost", "", status, has_begun=True))
            return future

    return lambda model, told, _: Dying(model, told=told)


def test_workers_that_end_whatever_they_do_end_the_campaign(store: Store) -> None:
    list(store.add(inputs(20)))
    with pytest.raises(ExecutionError, match="whatever they are given, 12 times"):
        run_campaign(store, dying("", None))  # nobody knows how they ended
    assert store.select("SELECT state, max(deaths) FROM nearsight_jobs") == [("waiting", 1)]


def test_workers_that_are_many_may_all_end_at_once(store: Store) -> None:
    list(store.add([*inputs(20), *inputs(20, "Au")]))
    run_campaign(store, dying("Au", None, n_workers=20))
    assert status_of(store).tallies[0].failed == {"quarantined": 20}


def test_workers_that_are_asked_to_end_at_one_structure_always_quarantine_it(store: Store) -> None:
    list(store.add([*inputs(3), *inputs(1, "Au")]))
    run_campaign(store, dying("Au", -signal.SIGTERM))
    assert status_of(store).tallies[0].done == 3
    assert failures(store)["Au-0.cif"][1] == "quarantined"


def test_worker_that_tells_nothing_is_ended(store: Store, run: Run) -> None:
    run([*inputs(3), *inputs(1, SILENT)], n=2, silence_s=2.0)
    _, reason, message = failures(store)["Ar-0.cif"]
    assert reason == "quarantined"
    assert "told nothing for too long" in message
    assert status_of(store).tallies[0].done == 3


def test_model_that_cannot_be_loaded_stops_at_once(tmp_path: Path) -> None:
    asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:moody:Unloadable"),))
    store = Store.create(tmp_path / "run.db", asked)
    list(store.add(inputs(50)))
    with pytest.raises(ModelError, match=r"cannot begin with ase:moody:Unloadable: .*are gone"):
        run_campaign(store, in_this_process)
    assert store.select("SELECT count(*) FROM nearsight_jobs") == [(0,)]


def test_model_that_has_changed_is_refused(store: Store, run: Run, asked: Specification) -> None:
    run(inputs(1))
    changed = replace(asked.models[0], name=f"{asked.models[0].name}&stiffness=0.2")
    list(store.add(inputs(2)))

    def other(_: ModelSpec, told: Callable[[object], object], __: bool) -> InOneProcess:
        return InOneProcess(changed, told=told)

    with pytest.raises(ModelError, match=r"another model than that of the records .* options"):
        run_campaign(store, other)


def test_answers_that_came_with_the_end_are_kept(store: Store, asked: Specification) -> None:
    list(store.add(inputs(60)))
    done = 0

    class Failing(InOneProcess):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
            nonlocal done
            done += fn is calculate
            return super().submit(fn if done < 30 else fail, *args, **kwargs)

    with pytest.raises(ModelError, match="no more of it"):
        run_campaign(store, lambda model, told, _: Failing(model, told=told))
    assert status_of(store).tallies[0].done == 29


def fail(_: object) -> None:
    raise ModelError("no more of it")


def test_second_campaign_on_a_file_is_refused(store: Store, run: Run) -> None:
    code = "import sys, time; from pathlib import Path; from nearsight.locking import hold\n"
    code += f"with hold(Path({str(store.path)!r})): print('held', flush=True); time.sleep(60)"
    import subprocess
    import sys

    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StorageError, match=f"worked on by process {holder.pid}"):
            run(inputs(1))
    finally:
        holder.kill()
        holder.communicate()
    run(inputs(1))  # the holder is dead
    assert status_of(store).is_complete


def test_watcher_sees_how_far_it_has_come(run: Run) -> None:
    views: list[View] = []
    run([*inputs(4), *inputs(1, FAILING)], watch=views.append)
    last = views[-1]
    assert (last.total, last.done, last.failed) == (5, 4, {"model": 1})
    assert last.left_s == pytest.approx(0.0, abs=1e-6)


def test_interruption_says_how_to_go_on(store: Store, run: Run) -> None:
    def watch(view: View) -> None:
        if view.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        run(inputs(200), watch=watch)
    [note] = raised.value.__notes__
    [(left,)] = store.select("SELECT count(*) FROM nearsight_jobs WHERE state = 'waiting'")
    assert 0 < left < 200
    assert f"{left} are left: nearsight campaign resume {store.path}" in note
    run()
    assert status_of(store).tallies[0].done == 200


def test_json_of_a_record_is_that_of_its_file(store: Store, run: Run) -> None:
    run(inputs(1))
    [row] = ase.db.connect(store.path).select()
    values = row.data["record"]
    assert record_from_json(values).to_json() == json.loads(json.dumps(values))
    assert os.access(store.path, os.R_OK)
