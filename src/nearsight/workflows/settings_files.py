"""Files of settings: those of a run, of the current folder and of the user."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nearsight.errors import SettingError
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources
from nearsight.settings import About, Settings, named_settings, require_settings
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS

NAME = "nearsight.toml"


@dataclass(frozen=True, kw_only=True)
class EveryRun(Settings):
    """What every workflow takes, beside its own settings."""

    model: ModelSpec = field(default_factory=ModelSpec)
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True)
class SettingsFile:
    """A file of settings, each of which is possible by itself."""

    path: Path
    values: Mapping[str, Any]


def default_files() -> list[SettingsFile]:
    """Return the user's file of settings and that of the current folder, where there are any.

    That of the current folder comes last: it counts more.

    Raises
    ------
    SettingError
        A file is none of settings.
    """
    known: dict[str, About] = {}
    for kind in OF_WORKFLOWS.values():
        known |= settings_of_run(kind)
    files = [read_settings(path, known) for path in default_paths() if path.is_file()]
    for file in files:
        if "trust" in file.values.get("model", {}):
            # A folder that was downloaded could have its own checkpoints run what they like.
            raise SettingError(
                f"{file.path}, model.trust: a checkpoint is trusted for one run at a time; say "
                f"`trust` for that run.",
                "model.trust",
            )
    return files


def default_paths() -> tuple[Path, Path]:
    """Return where the user's file of settings would be, and that of the current folder."""
    base = os.environ.get("XDG_CONFIG_HOME")
    folder = (Path(base) if base else Path.home() / ".config") / "nearsight"
    return folder / NAME, Path(NAME)


def settings_of_run(kind: type[Settings]) -> dict[str, About]:
    """Return the settings that a run of a workflow has, by name."""
    return {**named_settings(kind), **named_settings(EveryRun)}


def read_settings(path: Path, known: Mapping[str, About]) -> SettingsFile:
    """Read a file of settings, and check each by itself.

    Parameters
    ----------
    path
        A TOML file.
    known
        The settings that it may have, by name; groups of them are tables.

    Raises
    ------
    SettingError
        The file cannot be read, is no TOML, or has what is no setting.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingError(f"{path} is no TOML file: {error}.") from error
    try:
        require_settings(known, values)
    except SettingError as error:
        # In quotes: settings in backticks become options, which a file does not have.
        said = str(error).replace("`", "'")
        raise SettingError(f"{path}, {error.setting}: {said}", error.setting) from None
    return SettingsFile(path, values)


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the last of `layers` that has a setting says of it."""
    values: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if isinstance(value, Mapping):
                values[name] = merged([values.get(name, {}), value])
            else:
                values[name] = value
    return values


def origins_of(files: Iterable[SettingsFile]) -> dict[str, tuple[Any, SettingsFile]]:
    """Return what files say of each setting, and the file that counts."""
    return {name: (value, file) for file in files for name, value in flat(file.values)}


def flat(values: Mapping[str, Any], group: str = "") -> Iterator[tuple[str, Any]]:
    """Yield settings by their whole names, such as ``relaxation.max_steps``."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{group}{name}.")
        else:
            yield f"{group}{name}", value
