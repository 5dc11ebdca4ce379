from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("freight", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="freightzone", name="freight_step_positive"),
        migrations.RenameField(model_name="freightzone", old_name="provinces", new_name="regions"),
        migrations.RenameField(model_name="freightzone", old_name="first_weight_g", new_name="first_size"),
        migrations.RenameField(model_name="freightzone", old_name="step_weight_g", new_name="step_size"),
        migrations.AddField(
            model_name="freighttemplate",
            name="billed_by",
            field=models.CharField(
                choices=[
                    ("weight", "weight, in grams"),
                    ("pieces", "pieces"),
                    ("amount", "worth of the goods, in yuan"),
                ],
                db_default="weight",
                default="weight",
                max_length=10,
                verbose_name="billed by",
            ),
        ),
        migrations.AddField(
            model_name="freightzone",
            name="cheaper_from_fen",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Goods worth this much cost at most what follows.",
                null=True,
                verbose_name="cheaper from (fen)",
            ),
        ),
        migrations.AddField(
            model_name="freightzone",
            name="cheaper_fen",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="price from then on (fen)"),
        ),
        migrations.AlterField(
            model_name="freightzone",
            name="regions",
            field=models.JSONField(blank=True, default=list, verbose_name="region codes"),
        ),
        migrations.AlterField(
            model_name="freightzone",
            name="first_size",
            field=models.PositiveIntegerField(
                default=1000,
                help_text="Grams, pieces or yuan: what the template is billed by.",
                verbose_name="the first",
            ),
        ),
        migrations.AlterField(
            model_name="freightzone",
            name="step_size",
            field=models.PositiveIntegerField(default=1000, verbose_name="each further"),
        ),
        migrations.AddConstraint(
            model_name="freightzone",
            constraint=models.CheckConstraint(condition=models.Q(("step_size__gt", 0)), name="freight_step_positive"),
        ),
    ]
