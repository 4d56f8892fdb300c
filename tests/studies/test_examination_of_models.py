"""The table of examinations has a column for each model that is another one."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from nearsight.evaluation import ExaminationRecord, Measured
from nearsight.evaluation.machine import Machine
from nearsight.records.parts import ModelPart

MODEL = ModelPart(
    name="one", checkpoint_sha256=None, dtype="float64", device="cpu", family="ase", options={}
)


def record(model: ModelPart, error: float) -> ExaminationRecord:
    return ExaminationRecord(
        kind="nearsight examination 1",
        examination="diatomics",
        suite="quick",
        effort={},
        model=model,
        level_of_theory=None,
        training_data=None,
        parameters=None,
        neighbour_limit=None,
        capabilities={},
        machine=Machine(processor="one", n_cores=2, memory_bytes=1, system="Linux"),
        versions={},
        date="2026-01-01",
        seconds=1.0,
        measured={"limit_offset": Measured(error)},
        result=None,
        failure=None,
    )


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (replace(MODEL, name="two"), ("one", "two")),
        (replace(MODEL, dtype="float32"), ("one, float64", "one, float32")),
        (replace(MODEL, device="cuda:0"), ("one, cpu", "one, cuda:0")),
        (replace(MODEL, options={"charge": 1}), ("one, no options", "one, charge=1")),
    ],
)
def test_each_model_has_a_column(
    study: Callable[[str], ModuleType], other: ModelPart, names: tuple[str, str]
) -> None:
    lines = (
        study("examination_of_models")
        .report([record(MODEL, 0.1), record(other, 70.0)], "quick")
        .splitlines()
    )
    head = next(line for line in lines if "unit" in line)
    columns = {cell.strip(): place for place, cell in enumerate(head.split("|"))}
    offset = next(line for line in lines if line.startswith("| offset of isolated")).split("|")
    found = [offset[columns[name]].strip() for name in names]
    assert found == ["0.100 +", "70 x"]
