"""Forms of sign-in."""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit import contacts
from groundswell.powers import limits
from groundswell.powers.models import User

# Tokens an hour, and tokens at once. They count against the client that asks, so that nobody keeps another person from
# signing in. What a mailbox gets from all clients together is bounded where the mail leaves: the adapter.
CODES_OF_CLIENT = (600, 60)  # a client may be a whole meeting
CODES_OF_CLIENT_TO_ONE = (2, 6)


def _code(label: Any) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=label, widget=forms.TextInput(attrs=attrs))


class SignInForm(RequestLoginCodeForm):  # type: ignore[misc]
    """Asks for an address, and treats one we know like one we do not know."""

    email = forms.CharField(
        label=_("Your email address"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )

    def clean_email(self) -> str:
        try:
            email = contacts.email(self.cleaned_data["email"])
        except contacts.BadContact as problem:
            raise forms.ValidationError(str(problem)) from None
        client = limits.client_key(context.request)
        per_hour, burst = CODES_OF_CLIENT
        if not limits.take(f"code:from:{client}", per_hour=per_hour, burst=burst):
            raise forms.ValidationError(_("Many codes were asked for where you are. Please try again in a minute."))
        per_hour, burst = CODES_OF_CLIENT_TO_ONE
        if not limits.take(f"code:from:{client}:to:{limits.hidden(email)}", per_hour=per_hour, burst=burst):
            raise forms.ValidationError(
                _("We sent several codes there already. Look for the newest one, or try again in half an hour.")
            )
        # Somebody new gets a code like everybody; they are stored once they have entered it.
        self._user = User.objects.filter(email=email).first() or User(email=email)
        return email


class CodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code from the mail."""

    code = _code(_("The code from our mail"))


class SecondFactorForm(AuthenticateForm):  # type: ignore[misc]
    """A code from the app, or a recovery code, while signing in."""

    code = _code(_("Code from your app, or a recovery code"))


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The same, in a session that has begun."""

    code = _code(_("Code from your app, or a recovery code"))


class AppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""

    code = _code(_("The code it shows"))


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("A name for it")
        self.fields["name"].help_text = _("So that you can tell it from others: “My phone”, “Key on my ring”.")
        self.fields["passwordless"].label = _("Let me sign in with it alone, without a code by mail")
        self.fields["passwordless"].help_text = _("The device then asks for your fingerprint, face or screen lock.")
