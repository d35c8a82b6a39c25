"""``python -m longwing``: the command line."""

import sys

from longwing.cli import main

if __name__ == "__main__":
    sys.exit(main())
