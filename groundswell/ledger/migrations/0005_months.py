from django.db import migrations

# A session that waited for the lock remembers from before that the month was not there; the table of tables does not.
# Replaced in its text, so that an owner's SECURITY DEFINER stays.
ASK = """
DO $$ BEGIN
    EXECUTE replace(pg_get_functiondef('ledger_ensure_months'::regproc), %(was)s, %(will_be)s);
END $$
"""
REMEMBERED = "'to_regclass(part) IS NULL'"
LOOKED_UP = """'NOT EXISTS (
            SELECT FROM pg_class WHERE relname = part
            AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = ''ledger_entry''::regclass)
        )'"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_news")]
    operations = [
        migrations.RunSQL(
            ASK % {"was": REMEMBERED, "will_be": LOOKED_UP}, ASK % {"was": LOOKED_UP, "will_be": REMEMBERED}
        )
    ]
