from django.db import migrations, models

# What nobody has tried yet is tried for the first time when it may go.
REMEMBER = """
UPDATE allocation_fulfilmentrequest SET not_before = retry_at
WHERE status = 'waiting' AND obstacle = '{}' AND unheld IS NULL AND retry_at > created_at
"""


class Migration(migrations.Migration):

    dependencies = [
        ('allocation', '0006_worth_and_priority'),
    ]

    operations = [
        migrations.AddField(
            model_name='fulfilmentrequest',
            name='not_before',
            field=models.DateTimeField(blank=True, null=True, verbose_name='not before'),
        ),
        migrations.RunSQL(REMEMBER, migrations.RunSQL.noop),
    ]
