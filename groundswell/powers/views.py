"""Sign-in pages: allauth's, where they differ for us."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from groundswell.powers import selectors, services


class SignIn(RequestLoginCodeView):  # type: ignore[misc]
    """Ask for an address, send a code."""

    template_name = "account/login.html"

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            return super().form_valid(form)  # type: ignore[no-any-return]
        except OSError:  # the mail server does not answer, or says no
            form.add_error(None, _("We cannot send mail at the moment. Please try again in a few minutes."))
            return self.form_invalid(form)  # type: ignore[no-any-return]


class ConfirmCode(ConfirmLoginCodeView):  # type: ignore[misc]
    """Take the code. Who enters it holds the address: only now somebody new is stored."""

    def _verify_form_valid(self, form: Form) -> HttpResponse:
        self._process._user = services.proved_address(self._process.state["email"])
        return super()._verify_form_valid(form)  # type: ignore[no-any-return]


class AddApp(ActivateTOTPView):  # type: ignore[misc]
    """Set up an authenticator app. The code just typed proves it for this session too."""

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        _session_is_strong(self.request, Authenticator.Type.TOTP)
        return response  # type: ignore[no-any-return]


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Add a passkey. Having just used it proves it for this session too."""

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        _session_is_strong(self.request, Authenticator.Type.WEBAUTHN)
        return response  # type: ignore[no-any-return]


def _session_is_strong(request: HttpRequest, kind: str) -> None:
    user = request.user
    if user.is_authenticated:
        factor = selectors.newest_factor(user, kind)
        record_authentication(request, user, "mfa", id=factor.pk, type=kind, reauthenticated=True)
