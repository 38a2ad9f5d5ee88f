"""How a benchmark reports: one JSON object, or one readable line a figure."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `reference` says what it is measured against."""

    name: str
    value: float
    unit: str
    reference: str


def arguments(description: str, parts: Sequence[str] = (), *, log: str = "") -> argparse.Namespace:
    """Read the command line; a benchmark of several parts may be asked for one alone.

    One that can keep a log says in `log` what it writes there.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=parts or ("all",), help="measure this part alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--runs", type=int, default=7, help="runs of each side (median counts)")
    if log:
        parser.add_argument("--log", metavar="FILE", type=Path, help=log)
    return parser.parse_args()


def report(figures: Sequence[Figure], *, as_json: bool) -> None:
    if as_json:
        rows = [asdict(figure) | {"value": round(figure.value, 4)} for figure in figures]
        print(json.dumps({"figures": rows}))
        return
    for figure in figures:
        print(f"{figure.name:<24} {figure.value:>10.3f} {figure.unit:<6} ({figure.reference})")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
