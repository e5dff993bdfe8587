"""What django-allauth asks of us: our words, our mail, our reading of a client's address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.kit import mail
from groundswell.powers import hooks, limits
from groundswell.powers.models import User
from groundswell.powers.movement import movement

CODE_MAIL = "account/email/login_code"
# Codes an hour, and at once, that one mailbox gets: many where it is a user's, so that others who ask for one hardly
# get in the way; a handful a day where nobody is known.
CODES_TO_KNOWN = (30, 30)
CODES_TO_UNKNOWN = (6 / 24, 6)


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
        return mail.sender(movement().name, settings.DEFAULT_FROM_EMAIL)

    def format_email_subject(self, subject: str) -> str:
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        more: dict[str, Any] = {"movement": movement(), "email": email}
        if template_prefix == CODE_MAIL:
            more["said"] = hooks.code_words({"code": context["code"], "name": movement().name})
        message = self.render_mail(template_prefix, email, {**more, **context})
        if template_prefix == CODE_MAIL and not _may_get_a_code(email):
            return  # the page says nothing of it, for that would tell who is on the list
        message.send()


def _may_get_a_code(email: str) -> bool:
    """Whether this mailbox may get one more, counted over all who ask."""
    per_hour, burst = CODES_TO_KNOWN if User.objects.filter(email=email).exists() else CODES_TO_UNKNOWN
    return limits.take(f"code:to:{limits.hidden(email)}", per_hour=per_hour, burst=burst)


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
