"""Which subject a record is of, and the part of the page that is made of it."""

from typing import Any

from nearsight.records.base import CalculatedRecord, Record
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.learning_record import LearningRecord
from nearsight.records.motion_records import DynamicsRecord, TrajectoryRecord
from nearsight.records.questions import (
    ElasticRecord,
    EnergyRecord,
    FailureRecord,
    HeatCapacityRecord,
    HessianRecord,
    LocalityRecord,
    PhononsRecord,
    RelaxationRecord,
    ThermochemistryRecord,
    VibrationsRecord,
)
from nearsight.records.thermal_expansion_record import ThermalExpansionRecord
from nearsight.records.training_record import TrainingRecord
from nearsight.records.widom_record import WidomRecord
from nearsight.reports.numbers import SECTION_BUDGET_BYTES, numbers_section
from nearsight.reports.provenance import provenance_groups
from nearsight.reports.sections import (
    MODE_BUDGET_BYTES,
    Section,
    Slot,
    failed_section,
    head_values,
)
from nearsight.reports.subjects import (
    dynamics,
    elastic,
    energy,
    hessian,
    isotherm,
    locality,
    relaxation,
    spectra,
    thermal_expansion,
    thermochemistry,
    trajectory,
    widom,
)
from nearsight.reports.subjects.learning import learning_section
from nearsight.reports.subjects.potentials import test_section, training_section
from nearsight.reports.subjects.subject import Subject

SUBJECTS: dict[type[CalculatedRecord], Subject[Any]] = {
    EnergyRecord: energy.SUBJECT,
    RelaxationRecord: relaxation.SUBJECT,
    DynamicsRecord: dynamics.SUBJECT,
    TrajectoryRecord: trajectory.SUBJECT,
    HessianRecord: hessian.SUBJECT,
    VibrationsRecord: spectra.VIBRATIONS,
    HeatCapacityRecord: spectra.HEAT_CAPACITY,
    PhononsRecord: spectra.PHONONS,
    ThermochemistryRecord: thermochemistry.SUBJECT,
    ElasticRecord: elastic.SUBJECT,
    ThermalExpansionRecord: thermal_expansion.SUBJECT,
    LocalityRecord: locality.SUBJECT,
    WidomRecord: widom.SUBJECT,
    IsothermRecord: isotherm.SUBJECT,
}
"""The subject of each kind of record."""


def section_of(
    record: Record,
    number: int,
    mode_budget_bytes: int = MODE_BUDGET_BYTES,
    budget_bytes: int = SECTION_BUDGET_BYTES,
) -> Section:
    """Return the section of a structure.

    A record that has just been made has results of which figures and moving modes are drawn; of one
    that was read numbers and structure are shown, and what it has of phonons.

    Parameters
    ----------
    record
        What is known of the structure.
    number
        Its place on the page, from 1 on, unique on it.
    mode_budget_bytes
        How much of the page moving modes may take, where there are any.
    budget_bytes
        How much of the page the structure and the record of one that was read may take.

    """
    if isinstance(record, FailureRecord):
        return failed_section(record, number)
    anchor = f"structure-{number}"
    if isinstance(record, TrainingRecord):
        return training_section(record, anchor, budget_bytes)
    if isinstance(record, LearningRecord):
        return learning_section(record, anchor, budget_bytes)
    if isinstance(record, HdnnpTestRecord):
        return test_section(record, anchor, budget_bytes)
    assert isinstance(record, CalculatedRecord)
    subject = SUBJECTS[type(record)]
    provenance = provenance_groups(record, subject.derivatives(record), subject.conventions(record))
    values = {**head_values(record, anchor), "provenance": provenance}
    slot = Slot(anchor, values, mode_budget_bytes, budget_bytes)
    return subject.drawn(record, slot) or numbers_section(record, subject, slot)
