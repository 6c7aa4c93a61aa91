"""Results as JSON, written and read strictly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from convcost.errors import MeasurementError
from convcost.measure.result import VERSION, Result
from convcost.strict import Unreadable, read, text_of


def to_json(results: Sequence[Result]) -> str:
    """Return one result, or a list of them, as text."""
    records = [asdict(result) for result in results]
    return json.dumps(records[0] if len(records) == 1 else records, indent=1) + "\n"


def from_json(text: str, source: str = "result") -> list[Result]:
    """Read one result or a list of them; a report in JSON has its results in such a list.

    Raises: MeasurementError that names the source and the key, for anything unexpected.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise MeasurementError(f"{source}: not JSON: {error}") from None
    if isinstance(content, dict) and "derived" in content:
        content = content.get("results")
    records = content if isinstance(content, list) else [content]
    for record in records:
        version = record.get("version") if isinstance(record, dict) else None
        if version != VERSION:
            raise MeasurementError(f"{source}: version: expected {VERSION}, found {version!r}")
    try:
        return [read(Result, record) for record in records]
    except Unreadable as error:
        raise MeasurementError(f"{source}: {error}") from None


def load_results(path: Path) -> list[Result]:
    """Read a file of results.

    Raises: MeasurementError if it cannot be read, or is not one.
    """
    try:
        text = text_of(path)
    except Unreadable as error:
        raise MeasurementError(str(error)) from None
    return from_json(text, str(path))
