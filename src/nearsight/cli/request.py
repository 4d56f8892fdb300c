"""What a command line asks for: settings of a workflow, a model, and what may be used."""

import argparse
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from nearsight.cli.batch import Task
from nearsight.cli.from_settings import given_settings
from nearsight.errors import NearsightError, SettingError
from nearsight.memory import default_memory_budget, gibibytes
from nearsight.models.contract import Model
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources
from nearsight.settings import Settings, named_settings
from nearsight.workflows.settings import ReadingSettings
from nearsight.workflows.settings_files import (
    EveryRun,
    default_files,
    merged,
    read_settings,
    settings_of_run,
)
from nearsight.workflows.source import Source

logger = logging.getLogger("nearsight.cli")

OfWorkflow = TypeVar("OfWorkflow", bound=Settings)
Results = TypeVar("Results")


@dataclass(frozen=True)
class Request(Generic[OfWorkflow]):
    """Options and files of settings, put together."""

    settings: OfWorkflow
    model: ModelSpec
    model_named: bool
    """Whether somebody asked for this very model."""
    resources: Resources

    @property
    def _reading(self) -> ReadingSettings:
        reading: ReadingSettings = getattr(self.settings, "reading", ReadingSettings())
        return reading

    def load_model(self, structures: list[str]) -> Model | None:
        """Load the model once for all structures, and check that the method goes with it.

        Returns
        -------
        Model or None
            None if no structure needs one: all are finished, or cannot be read.
        """
        if not self.needs_model(structures):
            return None
        model = self.load(self.model)
        rows = getattr(self.settings, "rows", None)
        if rows is not None:
            from nearsight.hessian.rows.choice import require_rows  # takes its time

            require_rows(model, rows.method, rows.step_A)
        return model

    def load(self, model: ModelSpec) -> Model:
        """Load a model, within what may be used of the machine.

        Raises
        ------
        ModelError
            It cannot be loaded.
        """
        self.resources.limit_threads()
        cores = self.resources.usable_cores
        memory_bytes = self.resources.memory_bytes or default_memory_budget("cpu")
        logger.info("up to %s cores and %s of memory may be used", cores, gibibytes(memory_bytes))
        return model.load(self.resources)

    def needs_model(self, structures: list[str]) -> bool:
        """Tell whether a structure is to be calculated by a model, and can be read."""
        return any(self._needs_model(path) for path in structures)

    def _needs_model(self, path: str) -> bool:
        source = Source.of(path, self._reading)
        try:
            return not source.is_finished and bool(source.read())
        except NearsightError:
            return False  # it will be said when its turn has come

    def model_for(self, path: str, loaded: Model | None) -> Model | ModelSpec | None:
        """Return the model for one structure; None for what is finished where none was named."""
        if not self.model_named and Source.of(path, self._reading).is_finished:
            return None
        return loaded or self.model

    def answer(self, workflow: Callable[..., Results], task: Task, loaded: Model | None) -> Results:
        """Run a workflow for one structure."""
        return workflow(
            task.path,
            self.model_for(task.path, loaded),
            self.settings,
            unfinished=task.unfinished,
            resources=self.resources,
            progress=task.progress,
        )


def requested(arguments: argparse.Namespace, default: OfWorkflow) -> Request[OfWorkflow]:
    """Return what is asked for, by options before files, and by files before `default`.

    Raises
    ------
    SettingError
        A file is none of settings, or settings contradict each other.
    """
    known = settings_of_run(type(default))
    of_run = [given_settings(arguments)]
    if arguments.config is not None:
        of_run.insert(0, dict(read_settings(Path(arguments.config), known).values))
    files = default_files()
    for file in files:
        logger.info("settings of %s count", file.path)
    by_default = [
        {name: value for name, value in file.values.items() if name in known} for file in files
    ]
    values = merged([*by_default, *of_run])
    of_every_run = named_settings(EveryRun).keys() & values.keys()
    every_run = EveryRun.from_mapping({name: values.pop(name) for name in of_every_run})
    named = any("name" in layer.get("model", {}) for layer in of_run)
    try:
        settings = default.updated(values)
    except SettingError as error:
        if not files:
            raise
        said = ", ".join(str(file.path) for file in files)
        raise SettingError(f"{error} What {said} says counts, too.", error.setting) from None
    return Request(settings, every_run.model, named, every_run.resources)
