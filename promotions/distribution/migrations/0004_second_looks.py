from datetime import date, timedelta
from typing import Any

from django.db import migrations, models
from django.db.models import Max


def _end(period: str, first: date) -> date:
    return first + timedelta(days=7) if period == "week" else (first + timedelta(days=31)).replace(day=1)


def leave_what_was_rewarded(apps: Any, schema_editor: Any) -> None:
    """A board goes on after the last period that it has rewarded."""
    boards = apps.get_model("distribution", "Leaderboard")
    for board in boards.objects.annotate(last=Max("awards__first_day")).exclude(last=None):
        board.rewarded_until = _end(board.period, board.last)
        board.save()


def call_it_a_network(apps: Any, schema_editor: Any) -> None:
    """What was called an address so far was that of the network."""
    for sale in apps.get_model("distribution", "Sale").objects.filter(signs__contains=["address"]):
        sale.signs = ["network" if sign == "address" else sign for sign in sale.signs]
        sale.save(update_fields=["signs"])


class Migration(migrations.Migration):

    dependencies = [
        ('distribution', '0003_leaderboards'),
    ]

    operations = [
        migrations.RenameField(model_name='leaderboard', old_name='since', new_name='rewarded_until'),
        migrations.AlterField(
            model_name='leaderboard',
            name='rewarded_until',
            field=models.DateField(editable=False, verbose_name='rewarded until'),
        ),
        migrations.RunPython(leave_what_was_rewarded, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='leaderboard',
            name='is_running',
            field=models.BooleanField(default=True, help_text='While it does not, nobody sees it, and what falls due is not rewarded.', verbose_name='runs'),
        ),
        migrations.RunPython(call_it_a_network, migrations.RunPython.noop),
        migrations.AddField(
            model_name='sale',
            name='reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='reason'),
        ),
        migrations.RemoveConstraint(model_name='sale', name='sale_released_is_clear'),
        migrations.AddConstraint(
            model_name='sale',
            constraint=models.CheckConstraint(condition=models.Q(('review', 'held'), ('stage', 'released'), _negated=True), name='sale_released_is_not_held'),
        ),
        migrations.AlterField(
            model_name='commissionentry',
            name='kind',
            field=models.CharField(choices=[('earned', 'Earned'), ('reversed', 'Taken back'), ('restored', 'Given again'), ('settled', 'Settled'), ('released', 'Can be withdrawn'), ('reserved', 'Withdrawal asked for'), ('returned', 'Withdrawal ended without payment'), ('paid', 'Paid out'), ('paid_late', 'Paid out after it had ended'), ('awarded', 'Reward of a leaderboard')], max_length=10, verbose_name='kind'),
        ),
        migrations.RemoveConstraint(model_name='commissionentry', name='commission_entry_once'),
        migrations.AddConstraint(
            model_name='commissionentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['reversed', 'restored']), _negated=True), fields=('account', 'kind', 'reference'), name='commission_entry_moves_once'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='stop_asked_by',
            field=models.CharField(blank=True, max_length=80, verbose_name='called back by'),
        ),
        migrations.AlterField(
            model_name='withdrawal',
            name='stop_asked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='called back at'),
        ),
    ]
