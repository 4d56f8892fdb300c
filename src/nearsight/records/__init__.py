"""What was found about one structure, and how it is put down: records, their schema and files."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.records.base import SCHEMA, CalculatedRecord, Record
    from nearsight.records.files import (
        Contents,
        read,
        read_contents,
        readable_json,
        record_from_json,
        text_of,
        write,
    )
    from nearsight.records.hdnnp_test_record import HdnnpTestRecord
    from nearsight.records.isotherm_record import IsothermRecord
    from nearsight.records.json_lines import JsonLines
    from nearsight.records.learning_record import LearningRecord
    from nearsight.records.motion_records import DynamicsRecord, TrajectoryRecord
    from nearsight.records.questions import (
        QUESTIONS,
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

__all__ = [
    "QUESTIONS",
    "SCHEMA",
    "CalculatedRecord",
    "Contents",
    "DynamicsRecord",
    "ElasticRecord",
    "EnergyRecord",
    "FailureRecord",
    "HdnnpTestRecord",
    "HeatCapacityRecord",
    "HessianRecord",
    "IsothermRecord",
    "JsonLines",
    "LearningRecord",
    "LocalityRecord",
    "PhononsRecord",
    "Record",
    "RelaxationRecord",
    "ThermalExpansionRecord",
    "ThermochemistryRecord",
    "TrainingRecord",
    "TrajectoryRecord",
    "VibrationsRecord",
    "WidomRecord",
    "read",
    "read_contents",
    "readable_json",
    "record_from_json",
    "text_of",
    "write",
]

import_at_first_use(__name__)
