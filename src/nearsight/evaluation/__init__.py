"""May I trust this model? Examinations of models, each in a folder of its own.

A folder here is an examination, found because it is there. To add one, copy that which is most like
it, and change

- ``__init__.py``: in its docstring what the examination asks;
- ``examination.py``: `EXAMINATION`, with the effort of each suite beside `compute`, which takes a
  model, the effort and a `Work`, and returns the result;
- ``result.py``: the result, a frozen dataclass whose fields have `Says`, so that it can be written;
  each metric is a property of it that returns a `Measured`;
- ``metrics.toml``: of each metric title, unit, what is better, bounds of good and bad, tooltip,
  source, and the figure that shows it; its name is that of the property;
- ``figure.py``: the figures, each a `Chart` under a name.

`Work.each` computes items that are kept one by one: what was interrupted goes on where it was, and
an item at which the model fails, runs out of memory, hangs or dies is a `Failure` in the place of
its result, while the others stand. What takes long within one tells of each step. Records, pages,
tables, processes and progress are made of these by what is here already.

>>> from nearsight.evaluation import ExamineSettings, examine
>>> from nearsight.models.spec import ModelSpec
>>> records = examine([ModelSpec("sevennet-0")], "examined", ExamineSettings())  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.evaluation.discovery import examination_named, examination_names
    from nearsight.evaluation.examination import Examination, Figure
    from nearsight.evaluation.failure import Failure
    from nearsight.evaluation.measured import Measured
    from nearsight.evaluation.metric import Metric
    from nearsight.evaluation.record import ExaminationRecord, read_records
    from nearsight.evaluation.run import NotLoaded, examine
    from nearsight.evaluation.settings import ExamineSettings
    from nearsight.evaluation.work import Work

__all__ = [
    "Examination",
    "ExaminationRecord",
    "ExamineSettings",
    "Failure",
    "Figure",
    "Measured",
    "Metric",
    "NotLoaded",
    "Work",
    "examination_named",
    "examination_names",
    "examine",
    "read_records",
]

import_at_first_use(__name__)
