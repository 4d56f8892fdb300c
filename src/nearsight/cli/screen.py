"""``nearsight screen``."""

import argparse
import json
import logging
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nearsight.campaigns import Input, Specification, Store, read_inputs
from nearsight.campaigns.holding import hold_campaign
from nearsight.campaigns.questions import question_named
from nearsight.cli.from_settings import given_settings
from nearsight.cli.working import chosen_workers, work_on
from nearsight.errors import SettingError
from nearsight.settings import About, named_settings, require_settings
from nearsight.terminal.logs import progress_for
from nearsight.workflows.settings_files import (
    EveryRun,
    default_files,
    merged,
    read_settings,
    settings_of_run,
)

logger = logging.getLogger("nearsight.cli")


def run(arguments: argparse.Namespace) -> int:
    """Make or extend a campaign, work on it, and return the exit status."""
    specification, every_run, reading = _asked(arguments)
    start = chosen_workers(arguments, every_run.resources)
    with hold_campaign(arguments.out):
        store = _store(arguments, specification, reading)
        return work_on(store, arguments, start)


def _store(
    arguments: argparse.Namespace, specification: Specification, reading: dict[str, Any]
) -> Store:
    """Return the campaign, with what is asked and all structures."""
    if os.path.lexists(arguments.out):
        store = Store(arguments.out)
        store.extend(specification)
    else:
        store = Store.create(arguments.out, specification)
    inputs = read_inputs(
        arguments.given, accept_contradictions=reading.get("accept_contradictions", False)
    )
    try:
        with progress_for(arguments).task("Reading structure", None) as advance:
            for n in store.add(_told(inputs)):
                advance(n, "")
    except KeyboardInterrupt as interruption:
        interruption.add_note("What was read is kept; the same command goes on.")
        raise
    return store


def _told(inputs: Iterable[Input]) -> Iterator[Input]:
    """Pass structures on, and say which cannot be read."""
    for each in inputs:
        if each.failure is not None:
            logger.warning("nearsight: %s", each.failure)
        yield each


def _asked(arguments: argparse.Namespace) -> tuple[Specification, EveryRun, dict[str, Any]]:
    """Return what options and files of settings ask for.

    A file of settings is for all workflows; each takes what it has of it.

    Raises
    ------
    SettingError
        A setting is none of any workflow.
    """
    names = [name for given in arguments.workflow for name in given.split(",") if name]
    questions = [question_named(name) for name in names]
    known: dict[str, About] = {}
    for question in questions:
        known |= settings_of_run(question.settings)
    layers = [dict(file.values) for file in default_files()]
    if arguments.config is not None:
        layers.append(dict(read_settings(Path(arguments.config), known).values))
    layers += [_set(assignment, known) for assignment in arguments.set]
    layers.append(given_settings(arguments))
    values = merged(layers)
    every_run = EveryRun.from_mapping(_own(values, EveryRun))
    settings = {
        question.name: question.settings.from_mapping(_own(values, question.settings))
        for question in questions
    }
    models = tuple(replace(every_run.model, name=name) for name in _names(every_run.model.name))
    return Specification(settings, models), every_run, values.get("reading", {})


def _set(assignment: str, known: Mapping[str, About]) -> dict[str, Any]:
    """Return what ``NAME=VALUE`` sets, which is written as in TOML; words need no quotes.

    Raises
    ------
    SettingError
        It is no such assignment, or there is no such setting.
    """
    name, _, value = assignment.partition("=")
    try:
        values = tomllib.loads(assignment)
    except tomllib.TOMLDecodeError:
        try:
            values = tomllib.loads(f"{name} = {json.dumps(value)}")
        except tomllib.TOMLDecodeError:
            values = {}
    if not values or not value:
        raise SettingError(f"--set takes NAME=VALUE, not {assignment}.")
    try:
        require_settings(known, values)
    except SettingError as error:
        # In quotes: settings in backticks become options, which this command does not have.
        raise SettingError(f"--set {assignment}: {error}".replace("`", "'")) from None
    return values


def _own(values: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in named_settings(kind)}


def _names(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names:
        raise SettingError("a campaign needs a model; name one.", "model.name")
    return names
