"""Forms of sign-in."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context, ratelimit
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from groundswell.kit import contacts
from groundswell.powers.models import User


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
        if not ratelimit.consume(context.request, action="request_login_code", key=email):
            raise get_adapter().validation_error("too_many_login_attempts")
        # Somebody new gets a code like everybody; they are stored once they have entered it.
        self._user = User.objects.filter(email=email).first() or User(email=email)
        return email


class CodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code from the mail."""

    code = forms.CharField(
        label=_("The code from our mail"),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code"}
        ),
    )


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("A name for it")
        self.fields["name"].help_text = _("So that you can tell it from others: “My phone”, “Key on my ring”.")
        self.fields["passwordless"].label = _("Let me sign in with it alone, without a code by mail")
        self.fields["passwordless"].help_text = _("The device then asks for your fingerprint, face or screen lock.")
