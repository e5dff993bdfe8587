"""What django-allauth asks of us: our words, our mail, our reading of a client's address."""

from email.utils import formataddr
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.powers import limits
from groundswell.powers.movement import movement


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in in plain words."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _("That is not the code in our newest mail to you. Look again, or ask for a new one."),
        "too_many_login_attempts": _("That was asked or tried many times. Please wait a few minutes, then try again."),
        "rate_limited": _("That was tried many times. Please wait a few minutes, then try again."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        return limits.client_ip(request)

    def get_from_email(self) -> str:
        return formataddr((movement().name, settings.DEFAULT_FROM_EMAIL))

    def format_email_subject(self, subject: str) -> str:
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        self.render_mail(template_prefix, email, {"movement": movement(), "email": email, **context}).send()


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors carry the movement's name."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code does not fit. Wait for the next one and type that."),
    }

    def get_totp_issuer(self) -> str:
        return movement().name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": movement().name}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        taken = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": taken + 1}
