"""Is the site well? For load balancers."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groundswell.kit.errors import RETRY_AFTER
from groundswell.web import health

_migrated = False  # stays true for as long as this code runs


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 where the database answers and its tables fit this code; else 503."""
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        reachable = True
        _migrated = _migrated or not any(finding.wrong for finding in health.migrations())
    except DatabaseError:
        reachable = False
    well = reachable and _migrated
    reply = JsonResponse({"ok": well, "database": reachable, "migrations": _migrated}, status=200 if well else 503)
    if not well:
        reply["Retry-After"] = str(RETRY_AFTER)
    return reply
