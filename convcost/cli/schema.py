"""``convcost schema``: the form of a spec, for editors."""

from __future__ import annotations

from convcost.cli import options
from convcost.cli.output import emit


def schema(output: options.Output = None) -> None:
    """Print a JSON Schema of spec files."""
    from convcost.report.records import dumps
    from convcost.schema import spec_schema

    emit(dumps(spec_schema()), output)
