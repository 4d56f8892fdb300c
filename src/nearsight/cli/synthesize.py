"""``nearsight synthesize``."""

import argparse

from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.runs.json_file import JsonOutput
from nearsight.tables.synthesized import print_synthesized
from nearsight.terminal.logs import progress_for
from nearsight.workflows.synthesize import synthesize
from nearsight.workflows.synthesize_settings import SynthesizeSettings
from nearsight.workflows.unfinished import keep_unfinished


def run(arguments: argparse.Namespace) -> int:
    """Write a set of data, print what is in it, and return the exit status."""
    require_output_files(arguments)
    request = requested(arguments, SynthesizeSettings())
    with keep_unfinished(arguments.work_dir) as unfinished:
        data = synthesize(
            arguments.structure,
            request.model,
            request.settings,
            target=arguments.output,
            unfinished=unfinished,
            resources=request.resources,
            progress=progress_for(arguments),
        )
    output = JsonOutput(arguments.json, many=False)
    output.add(data.to_json())
    output.finish()
    if arguments.json != "-":
        print_synthesized(data)
        print_warnings(data.warnings)
    return 0
