"""How a command says that it can't go on."""

from __future__ import annotations

from importlib.util import find_spec


class CommandError(Exception):
    """Ends a command: the message is the one line that the user sees."""


def require(command: str, *packages: str) -> None:
    """Raise a CommandError that says what to install, unless every package can be imported."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise CommandError(f"'longwing {command}' needs {', '.join(missing)}: pip install 'longwing[demo]'")
