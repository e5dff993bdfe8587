"""`python -m groundswell` is the `groundswell` command."""

from groundswell.config.cli import main

main()
