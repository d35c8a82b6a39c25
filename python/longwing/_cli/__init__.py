"""What the subcommands of the command line do; `longwing.cli` imports each when it is asked for."""
