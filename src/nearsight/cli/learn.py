"""``nearsight learn``."""

import argparse
import logging

from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.runs.json_file import JsonOutput
from nearsight.tables.learning import ROUNDS_HEAD, print_learning, round_line
from nearsight.terminal.logs import print_above_bars, progress_for
from nearsight.training.active.rounds import Round
from nearsight.workflows.learn import learn
from nearsight.workflows.learn_settings import LearnSettings

_logger = logging.getLogger("nearsight.cli")


def run(arguments: argparse.Namespace) -> int:
    """Learn crystals from their fragments, and return the exit status."""
    require_output_files(arguments)
    request = requested(arguments, LearnSettings())
    heads = list(ROUNDS_HEAD)

    def told(done: Round) -> None:
        for line in [*heads, round_line(done)]:
            _logger.info("%s", line)
            print_above_bars(arguments, line)
        heads.clear()

    learning = learn(
        arguments.structures,
        request.model,
        request.settings,
        out=arguments.out,
        resources=request.resources,
        progress=progress_for(arguments),
        told=told,
    )
    output = JsonOutput(arguments.json, many=False)
    output.add(learning.to_json())
    output.finish()
    if arguments.json != "-":
        print_learning(learning)
    return 0
