"""What stands in the place of kept work, and would run code, is refused and does not run."""

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from hostile import Hostile
from nearsight.errors import CheckpointError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.environments import State, find
from nearsight.models.verdicts import last_verdict
from nearsight.relaxation.relax import relax
from nearsight.vibrations.probing import probe_heat_capacity


def contents(trace: Path) -> list[bytes]:
    pickled = pickle.dumps(Hostile(trace))
    archive, array = io.BytesIO(), io.BytesIO()
    objects = np.array([Hostile(trace)], dtype=object)
    np.savez(archive, header=objects, forces=objects)
    np.save(array, objects, allow_pickle=True)
    code = f"__import__('os').mkdir({str(trace)!r})"
    header = json.dumps({"fingerprint": code, "n_atoms": code, "__class__": "os.mkdir"}).encode()
    return [
        pickled,
        archive.getvalue(),
        array.getvalue(),
        code.encode(),
        header + b"\n" + pickled,
        f'!!python/object/apply:os.mkdir ["{trace}"]\n'.encode(),
    ]


def resume_rows(path: Path) -> None:
    hessian(bulk("Cu"), emt(), checkpoint=path)


def resume_relaxation(path: Path) -> None:
    relax(bulk("Cu"), emt(), checkpoint=path)


def resume_probing(path: Path) -> None:
    operator = HessianOperator(bulk("Cu", cubic=True).repeat(3), emt())
    probe_heat_capacity(operator, [300.0], checkpoint=path)


def emt() -> AseModel:
    from ase.calculators.emt import EMT

    return AseModel(EMT())


@pytest.mark.parametrize("resume", [resume_rows, resume_relaxation, resume_probing])
def test_kept_work_runs_nothing(tmp_path: Path, resume: Callable[[Path], None]) -> None:
    trace, path = tmp_path / "trace", tmp_path / "work"
    for content in contents(trace):
        path.write_bytes(content)
        with pytest.raises(CheckpointError):
            resume(path)
        assert not trace.exists()
        assert path.read_bytes() == content


def test_records_of_environments_and_verdicts_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "tblite").mkdir()
    verdicts = tmp_path / "data" / "nearsight" / "conformance"
    verdicts.mkdir(parents=True)
    for content in contents(trace):
        (tmp_path / "tblite" / "environment.json").write_bytes(content)
        assert find("tblite") == (State.PARTIAL, None)
        (verdicts / "tblite.json").write_bytes(content)
        assert last_verdict("tblite") is None
        assert not trace.exists()
