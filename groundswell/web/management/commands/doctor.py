"""`groundswell doctor`: what is wrong with this installation, and how to mend it, in one line each."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from groundswell.web import health


class Command(BaseCommand):
    help = "Say in one line each what is wrong with this installation and how to mend it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(health.examine())
        for finding in findings:
            mark = self.style.ERROR("mend") if finding.wrong else self.style.SUCCESS("well")
            self.stdout.write(f"{mark}  {finding.topic:<11} {finding.wrong or finding.says}")
        if any(finding.wrong for finding in findings):
            sys.exit(1)
