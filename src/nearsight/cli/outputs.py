"""Whether everything that a command is to write can be written."""

import argparse

from nearsight.cli.figures import require_figure_file
from nearsight.cli.json_output import require_writable
from nearsight.cli.report_output import require_report_file


def require_output_files(arguments: argparse.Namespace) -> None:
    """Check before anything is computed that JSON, figure and page can be written.

    Raises
    ------
    MethodError
        A name does not end as that of a figure or a page does.
    StorageError
        A folder is not there or may not be written, or a file is one of the structures.
    """
    require_writable(arguments.json, arguments.structures)
    require_figure_file(arguments.plot, arguments.structures)
    require_report_file(arguments.report)
    require_writable(arguments.report, arguments.structures)
