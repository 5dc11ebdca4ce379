from django.db import migrations

# What was given already stays given: a budget that gifts have gone beyond is spent.
COUNT_GIFTS = """
UPDATE discounts_spendoffer offer SET spent_fen = used.fen, budget_fen = greatest(budget_fen, used.fen)
FROM (
    SELECT campaign_id, sum(cost_fen)::bigint AS fen FROM discounts_discountuse
    WHERE kind = 'spend_offer' AND released_at IS NULL GROUP BY campaign_id
) used
WHERE used.campaign_id = offer.id AND offer.budget_fen IS NOT NULL AND used.fen > offer.spent_fen
"""


class Migration(migrations.Migration):
    dependencies = [("discounts", "0001_initial")]

    operations = [migrations.RunSQL(COUNT_GIFTS, migrations.RunSQL.noop)]
