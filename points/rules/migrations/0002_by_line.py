"""What was earned is told apart by line.

Of what was earned before, one line stands for all goods together, so that its points follow the money as they did.
"""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

ONE_LINE = """
    UPDATE rules_earning SET
        net_fen = ARRAY[worth_fen],
        left_fen = ARRAY[left_of_all],
        parts = (
            SELECT coalesce(jsonb_object_agg(part.key, jsonb_build_array(part.value)), '{}') FROM jsonb_each(parts) part
        )
"""


class Migration(migrations.Migration):

    dependencies = [
        ('rules', '0001_initial'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='earning',
            name='append_only',
        ),
        migrations.RemoveConstraint(
            model_name='earning',
            name='earning_left_of_its_worth',
        ),
        migrations.RenameField(
            model_name='earning',
            old_name='left_fen',
            new_name='left_of_all',
        ),
        migrations.AddField(
            model_name='earning',
            name='net_fen',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None, verbose_name='earned for (fen)'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='earning',
            name='left_fen',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None, verbose_name='left of it (fen)'),
            preserve_default=False,
        ),
        migrations.RunSQL(ONE_LINE),
        migrations.RemoveField(
            model_name='earning',
            name='worth_fen',
        ),
        migrations.RemoveField(
            model_name='earning',
            name='left_of_all',
        ),
        migrations.AddConstraint(
            model_name='earning',
            constraint=models.CheckConstraint(condition=models.Q(('left_fen__len', models.F('net_fen__len'))), name='earning_left_line_by_line'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='earning',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."happened_at" IS DISTINCT FROM (NEW."happened_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."net_fen" IS DISTINCT FROM (NEW."net_fen") OR OLD."parts" IS DISTINCT FROM (NEW."parts") OR OLD."points" IS DISTINCT FROM (NEW."points") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."rule_set_id" IS DISTINCT FROM (NEW."rule_set_id") OR OLD."trace" IS DISTINCT FROM (NEW."trace"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='d61c776663664f2d2ca1074ee6f2ee50f1d4b33d', operation='UPDATE', pgid='pgtrigger_append_only_7b8f7', table='rules_earning', when='BEFORE')),
        ),
    ]
