"""Results as they are kept: one JSON file a machine, to which a run adds its cases in place of older ones so named."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bench import machine
from bench.harness import Result

Entry = dict[str, Any]


class RecordError(ValueError):
    """A file of results that can't be read, or that is of another machine."""


def entry(result: Result) -> Entry:
    """Return everything that was measured of one case and measure."""
    case = result.case
    return {
        "case": case.name,
        "measure": result.measure,
        "shape": [case.batch, case.channels, case.length],
        "taps": case.filter_length,
        "dtype": case.dtype,
        "features": list(case.features),
        "threads": case.threads,
        "samples": case.samples,
        "commit": machine.commit(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M"),
        "isa": machine.isa(),
        "limit": result.limit,
        "fma_per_s": None if math.isnan(result.fma) else _short(result.fma),
        "absent": result.absent,
        "timings": [
            {
                "name": timing.name,
                "version": result.versions[timing.name],
                "error": None if math.isnan(timing.error) else _short(timing.error),
                "rejected": timing.rejected,
                "seconds": [_short(seconds) for seconds in timing.seconds],
            }
            for timing in result.timings
        ],
    }


def merge(path: Path, entries: Sequence[Entry], **others: Any) -> None:
    """Write `entries` to the file in place of those of the same case and measure; `others` replace their keys.

    Raises RecordError where the file is of another machine, or no file of results.
    """
    here = machine.describe()
    kept: dict[str, Any] = {"machine": here, "results": []}
    if path.is_file():
        kept = load(path)
        differing = {key for key in ("processor", "isa") if kept["machine"].get(key) != here[key]}
        if differing:
            told = ", ".join(f"{key} {kept['machine'].get(key)!r}, here {here[key]!r}" for key in sorted(differing))
            raise RecordError(f"{path} is of another machine: {told}; give another file")
    fresh = {(one["case"], one["measure"]): one for one in entries}
    merged = [fresh.pop((old["case"], old["measure"]), old) for old in kept["results"]]
    kept |= others
    kept["results"] = [*merged, *fresh.values()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_dump(kept), encoding="utf-8")


def add(path: Path, key: str, entries: Sequence[Entry], *, names: Sequence[str]) -> None:
    """Write `entries` to the file's list `key` in place of those that have the same values of `names`."""
    kept = load(path).get(key, []) if path.is_file() else []
    added = {tuple(one[name] for name in names): one for one in (*kept, *entries)}
    merge(path, [], **{key: list(added.values())})


def load(path: Path) -> dict[str, Any]:
    """Return a file's content. Raises RecordError where it is none of ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise RecordError(f"{path}: {error}") from error
    if not isinstance(content, dict) or not {"machine", "results"} <= content.keys():
        raise RecordError(f"{path} has no machine and results: it is no file of this bench")
    return content


def seconds(found: Entry, name: str) -> list[float] | None:
    """Return the samples of one contender, in order of rounds; None where it was not timed."""
    return next((timing["seconds"] for timing in found["timings"] if timing["name"] == name), None) or None


def median(found: Entry, name: str) -> float | None:
    """Return the median seconds of one contender; None where it was not timed."""
    samples = seconds(found, name)
    return statistics.median(samples) if samples else None


def ratio(found: Entry, name: str, to: str = "longwing") -> float | None:
    """Return the median over rounds of the contender's time over that of `to` in the same round; None without either.

    What slows the machine for a while slows both, and cancels.
    """
    ours, theirs = seconds(found, to), seconds(found, name)
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True)) if ours and theirs else None


def ratio_range(found: Entry, name: str, to: str = "longwing") -> tuple[float, float] | None:
    """Return the quartiles of the rounds' ratios; None without either contender or with one round."""
    ours, theirs = seconds(found, to), seconds(found, name)
    if not ours or not theirs or len(ours) < 2:
        return None
    low, _, high = statistics.quantiles([b / a for a, b in zip(ours, theirs, strict=True)], n=4)
    return low, high


def timed(found: Entry) -> Iterator[str]:
    """Yield the names of the contenders that were timed."""
    return (timing["name"] for timing in found["timings"] if timing["seconds"])


def _short(number: float) -> float:
    """Return the number with five digits: no clock here tells more."""
    return float(f"{number:.5g}")


def _dump(content: dict[str, Any]) -> str:
    """Return JSON with a line for each result, so that a new one is a line of a difference."""
    head = {key: value for key, value in content.items() if key != "results"}
    lines = ",\n".join(json.dumps(one) for one in content["results"])
    return json.dumps(head, indent=1)[:-2] + f',\n "results": [\n{lines}\n ]\n}}\n'
