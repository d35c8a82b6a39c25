"""What the CPU engine has to hold, line by line: the bar, what was measured, met or missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench import cases, entrants, record, report
from bench.cases import Case

PYTHON_LIBRARIES = ("numpy.fft", "scipy.fft", "fftconvolve", "oaconvolve", "pyFFTW", "ducc0", "mkl_fft", "jax.jit")
"""Libraries other than torch that are called from Python."""

OURS = {"full": "longwing", "cached": "longwing", "train": "longwing.torch"}
"""Who is compared in each measure: with autograd where the others have it."""

Index = dict[tuple[str, str], record.Entry]


class Reading(NamedTuple):
    """One bar at one case."""

    case: Case
    target: float
    value: float | None
    """None where it was not measured."""

    detail: str = ""

    def met(self, at_most: bool) -> bool:
        """Whether the value was measured and is on the right side of the target."""
        return self.value is not None and (self.value <= self.target if at_most else self.value >= self.target)


Value = Callable[[record.Entry], tuple[float | None, str]]


@dataclass(frozen=True)
class Bar:
    """One line: what is measured of which cases, and the target of each."""

    title: str
    measure: str
    cases: Sequence[Case]
    target: Callable[[Case], float]
    value: Value
    at_most: bool = False
    """True where less is better."""

    unit: str = "x"

    def readings(self, index: Index) -> Iterator[Reading]:
        """Yield the reading of every case."""
        for case in self.cases:
            entry = index.get((case.name, self.measure))
            value, detail = self.value(entry) if entry else (None, "")
            yield Reading(case, self.target(case), value, detail)

    def shown(self, value: float | None) -> str:
        """Return a value as the page prints it."""
        if value is None:
            return "not measured"
        return f"{value:.0%}" if self.unit == "%" else f"{value:.2f}"


def index(results: Sequence[record.Entry]) -> Index:
    """Return the results by case and measure."""
    return {(one["case"], one["measure"]): one for one in results}


def _against(name: str, *, to: str = "") -> Value:
    def value(entry: record.Entry) -> tuple[float | None, str]:
        return record.ratio(entry, name, to or OURS[entry["measure"]]), name

    return value


def _share_of(name: str) -> Value:
    """Longwing's time in multiples of the run called `name`."""

    def value(entry: record.Entry) -> tuple[float | None, str]:
        inverse = record.ratio(entry, name)
        return (1 / inverse if inverse else None), name

    return value


def _best_of(allowed: Callable[[str], bool]) -> Value:
    """The fastest of the others."""

    def value(entry: record.Entry) -> tuple[float | None, str]:
        ours = OURS[entry["measure"]]
        ratios = [(record.ratio(entry, name, ours), name) for name in record.timed(entry) if allowed(name)]
        found = [(ratio, name) for ratio, name in ratios if ratio is not None]
        return min(found) if found else (None, "")

    return value


def _by_length(short: float, long: float) -> Callable[[Case], float]:
    return lambda case: short if case.length <= 16384 else long


def _always(target: float) -> Callable[[Case], float]:
    return lambda case: target


def _peak(entry: record.Entry) -> tuple[float | None, str]:
    return report.peak_share(entry), ""


def _of(**wanted: object) -> list[Case]:
    return [case for case in cases.CASES if all(getattr(case, key) == value for key, value in wanted.items())]


_FAR_SHORTER = [case for case in cases.SHORT if case.length >= 2**20]
_PEAK = [case for case in cases.POWERS if case.length <= 4096 or case.length == 2**20]
_fastest_other = _best_of(lambda name: not name.startswith("longwing"))


def _never_slower(measure: str) -> Bar:
    title = f"never slower than any other, {report.MEASURES[measure]}"
    return Bar(title, measure, [*cases.POWERS, *cases.ODD], _always(1), _fastest_other)


def _half(dtype: str) -> Bar:
    title = f"{dtype}: time over float32's"
    return Bar(title, "full", _of(dtype=dtype), _always(1.15), _share_of(entrants.FLOAT32), at_most=True)


BARS = (
    *(_never_slower(measure) for measure in cases.TRAINING),
    Bar("forward: torch.fft", "full", cases.POWERS, _by_length(5, 7), _against("torch.fft")),
    Bar("forward: best library from Python", "full", cases.POWERS, _always(4), _best_of(PYTHON_LIBRARIES.__contains__)),
    Bar("forward: FFTW from C++", "full", cases.POWERS, _by_length(2.5, 3.5), _against("FFTW C++")),
    Bar("cached: torch.fft, cached", "cached", cases.POWERS, _always(4), _against("torch.fft")),
    Bar("fwd+bwd: torch.fft with autograd", "train", cases.POWERS, _by_length(6, 9), _against("torch.fft")),
    Bar(
        "share of the multiply-add peak", "full", _PEAK, lambda case: 0.7 if case.length <= 4096 else 0.55, _peak, unit="%"
    ),
    Bar("short filter: oaconvolve", "full", _FAR_SHORTER, _always(5), _against("oaconvolve")),
    Bar("float64: FFTW from C++", "full", _of(dtype="float64"), _always(2), _against("FFTW C++")),
    _half("bfloat16"),
    _half("float16"),
    Bar(
        "two threads over one",
        "full",
        _of(threads=2),
        _always(1.7),
        _against("longwing" + entrants.ONE_THREAD, to="longwing"),
    ),
)
