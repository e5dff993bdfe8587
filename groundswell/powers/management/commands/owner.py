"""Make an owner of this movement: the first step on a new installation."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.urls import reverse

from groundswell.kit.contacts import BadContact
from groundswell.powers import services
from groundswell.powers.movement import movement


class Command(BaseCommand):
    help = "Make somebody an owner of this movement: they may do everything and hand it on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="where their sign-in code is mailed to")
        parser.add_argument("--name", default="", help="the movement's name")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        if "django_migrations" not in connection.introspection.table_names():
            call_command("migrate", interactive=False, verbosity=0)
        try:
            owner = services.found_movement(email, name)
        except BadContact as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"{owner.email} is an owner of {movement().name}.")
        self.stdout.write(f"Sign in at {settings.BASE_URL}{reverse('account_login')}: a code is mailed there.")
