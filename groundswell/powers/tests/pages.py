"""The site's addresses, and pages behind each gate."""

from django import forms
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.utils.module_loading import import_string

from groundswell.powers import gates
from groundswell.powers.public import PublicForm, public_action


@gates.signed_in
def mine(request):
    return HttpResponse("mine")


@gates.may("hq.open")
def plain(request):
    return HttpResponse("headquarters")


@gates.may("people.see")
def strong(request):
    return HttpResponse("people")


class Form(PublicForm):
    name = forms.CharField()


FORM = """<form method="post">{% include "kit/components/form_errors.html" %}
{% for field in form %}{% if field.name == "name" %}{{ field }}{% endif %}{% endfor %}{{ form.guard }}</form>"""


@public_action("sign", per_hour=3600, burst=3)
def sign(request):
    form = Form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return HttpResponse("signed")
    return HttpResponse(engines["django"].from_string(FORM).render({"form": form}, request))


urlpatterns = [
    path("mine", mine),
    path("plain", plain),
    path("strong", strong),
    path("sign", sign),
    *import_string("groundswell.config.urls.urlpatterns"),
]
