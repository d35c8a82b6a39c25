"""The command line: ``longwing demo``, ``convolve``, ``bench`` and ``info``.

A command that can't be carried out prints one line on stderr and returns 2. What a command computes with is imported
when it runs, so that ``longwing --help`` is quick and needs no other package.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from longwing._cli.errors import CommandError, require
from longwing._core import LongwingError, __version__

_FAILED = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (default: the process's arguments) asks for, and return its exit code.

    0: done. 1: done, and a result was wrong. 2: not done, with one line on stderr that says why. 130: interrupted.
    argparse itself ends the process, with code 0 for --help and --version and 2 for arguments it can't read.
    """
    arguments = _parser().parse_args(argv)
    try:
        code = _COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output left: not a failure, and nothing more can be printed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("longwing: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except (CommandError, LongwingError, OSError) as error:
        return _failed(str(error))
    except MemoryError:
        return _failed("not enough memory")
    return code


def _failed(reason: str) -> int:
    print(f"longwing: {' '.join(reason.split())}", file=sys.stderr)
    return _FAILED


def _info(arguments: argparse.Namespace) -> int:
    from longwing._cli import info

    return info.run(as_json=arguments.json)


def _demo(arguments: argparse.Namespace) -> int:
    require("demo", "numpy", "nitime", "matplotlib")
    from longwing._cli import demo

    return demo.run(output=arguments.output, force=arguments.force)


def _convolve(arguments: argparse.Namespace) -> int:
    require("convolve", "numpy", "scipy")
    from longwing._cli import convolve

    return convolve.run(
        arguments.input,
        arguments.filter,
        arguments.output,
        mode=arguments.mode,
        sample_format=arguments.format,
        normalize=arguments.normalize,
        force=arguments.force,
    )


def _bench(arguments: argparse.Namespace) -> int:
    require("bench", "numpy")
    from longwing._cli import bench

    return bench.run(arguments.shapes, threads=arguments.threads)


_COMMANDS = {"demo": _demo, "convolve": _convolve, "bench": _bench, "info": _info}


def _shape(text: str) -> tuple[int, int, int]:
    """Return (B, H, L) from "B,H,L"; argparse prints the error."""
    try:
        batch, channels, length = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape B,H,L such as 4,64,4096") from None
    if min(batch, channels, length) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range: B, H and L are at least 1")
    return batch, channels, length


def _positive(text: str) -> int:
    """Return a whole number from 1 up; argparse prints the error."""
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="longwing", description="Long convolutions by butterfly FFT.")
    parser.add_argument("--version", action="version", version=f"longwing {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands.add_parser("demo", help="convolve a real recording, check the result, draw a picture"))
    _add_convolve(commands.add_parser("convolve", help="convolve a WAV file with a filter from another"))
    _add_bench(commands.add_parser("bench", help="time longwing beside what is installed"))
    info = commands.add_parser("info", help="say what this installation computes with")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Convolve a recording of 200,000 samples with the response of a room as long as itself, check every sample "
        "against float64, time what is installed beside it, and save a picture. Needs the extra 'demo'."
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to save the picture: a file or a folder (default: longwing-demo.png in this folder)",
    )
    parser.add_argument("--force", action="store_true", help="write over a file named by --output")


def _add_convolve(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Convolve every channel of a WAV file with a filter: PCM of 1 to 64 bits, float32 or float64. A filter of one "
        "channel serves all channels; else both files have equally many. Full scale is 1, in the filter too. "
        "Needs the extra 'demo'."
    )
    parser.add_argument("input", type=Path, metavar="IN.wav")
    parser.add_argument("filter", type=Path, metavar="FILTER.wav")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav")
    parser.add_argument(
        "--mode",
        choices=("full", "same", "causal"),
        default="full",
        help="full: with the tail after IN's end; same: IN's length, centred; causal: IN's length (%(default)s)",
    )
    parser.add_argument(
        "--format",
        choices=("float32", "float64", "pcm8", "pcm16", "pcm24", "pcm32"),
        default="float32",
        help="samples of OUT (%(default)s); a result that a pcm format would clip is an error",
    )
    parser.add_argument("--normalize", action="store_true", help="scale the result so that its peak is full scale")
    parser.add_argument("--force", action="store_true", help="write over OUT where it exists")


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Time a causal float32 convolution with a filter as long as the signal, beside numpy, scipy and torch where "
        "they are installed. Every result is checked against float64 first; a wrong one is not timed."
    )
    parser.add_argument(
        "shapes", nargs="*", type=_shape, metavar="B,H,L", help="batch, channels, length (default: a short tour)"
    )
    parser.add_argument("--threads", type=_positive, default=1, help="threads for each (default: %(default)s)")
