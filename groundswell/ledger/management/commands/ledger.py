"""`groundswell ledger`: verify that nobody changed what happened, rebuild a projection, show how readers stand."""

import argparse
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from groundswell.ledger import hooks, selectors, services, verify


class Command(BaseCommand):
    help = "What happened: verify it, rebuild a projection of it, see how far its readers are."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True, parser_class=argparse.ArgumentParser)
        check = commands.add_parser("verify", help="name every entry that was altered, taken away or put in unseen")
        check.add_argument(
            "--head",
            nargs="?",
            const="",
            metavar="BLOCK:HASH",
            help="print the head of the chain, to be kept elsewhere; or compare with one that was",
        )
        anew = commands.add_parser("rebuild", help="make a projection anew from the ledger")
        anew.add_argument("name", nargs="?", default="")
        commands.add_parser("status", help="how far the blocks and the consumers are")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["command"] == "verify":
            self._verify(options["head"])
        elif options["command"] == "rebuild":
            self._rebuild(options["name"])
        else:
            self._status()

    def _verify(self, kept: str | None) -> None:
        _sequence_all()
        (n, chain), (waiting, first, last) = verify.head(), verify.waiting()
        found = 0
        for finding in verify.findings():
            self.stdout.write(str(finding))
            found += 1
        if kept:
            block, _, value = kept.partition(":")
            if not block.isdecimal():
                raise CommandError("--head takes what --head printed: the block's number, a colon and its hash.")
            if verify.chain_at(int(block)) != (value or None):
                self.stdout.write(f"block {block}: its hash is not the one that was kept")
                found += 1
        if waiting:
            self.stdout.write(f"Not covered: {waiting} entries still wait for a block, ids {first} to {last}.")
        if found:
            raise CommandError(f"The ledger is not as it was written: {found} findings.", returncode=1)
        rest = f"; {waiting} entries are in none and not covered" if waiting else ""
        self.stdout.write(f"{n} blocks, nothing altered, missing or added{rest}.")
        if kept is not None:
            self.stdout.write(f"{n}:{chain}")

    def _rebuild(self, name: str) -> None:
        projections = {name: consumer for name, consumer in hooks.consumers.items() if hasattr(consumer, "reset")}
        if name not in projections:
            raise CommandError(f"Name one of: {', '.join(sorted(projections))}.")
        _sequence_all()
        projection = cast(hooks.Projection, projections[name])
        while services.consume(projection, wait=True):
            pass
        rebuilt = services.rebuild(projection, self._progress)
        self.stdout.write(f"{name} up to block {rebuilt.block}: {rebuilt.after}")
        if rebuilt.after == rebuilt.before:
            self.stdout.write("The same as before.")
        else:
            self.stdout.write(f"Before, it was {rebuilt.before}. What it says now is what the ledger says.")

    def _progress(self, done: int, blocks: int) -> None:
        self.stderr.write(f"{done} of {blocks} blocks")

    def _status(self) -> None:
        lag = selectors.lag()
        self.stdout.write(
            f"blocks: {lag.block}; entries in none yet: {lag.pending}, the oldest {lag.oldest_s:.1f} s old"
        )
        for consumer in lag.consumers:
            line = f"{consumer.name}: at block {consumer.block}, {consumer.behind} entries behind"
            if consumer.failures:
                line += f"; failed {consumer.failures} times, tries again at {consumer.retry_at}: {consumer.problem}"
            self.stdout.write(line)


def _sequence_all() -> None:
    """Put every committed entry into a block."""
    while services.sequence(wait=True):
        pass
