"""What counts as a purchase, in one place: an order that is paid and was not called off or refunded whole.

It is worth what was paid for it, freight included, less what went back. SQL of its own, because all of analytics
counts from it inside the database, in bounded memory.
"""

# A row for each purchase: order_id, member_id, paid_at, net_fen. Needs no parameters.
PURCHASES = """
SELECT bought.id AS order_id, bought.member_id, bought.paid_at,
    bought.paid_fen - bought.refunded_fen - coalesce(back.fen, 0) AS net_fen
FROM checkout_order bought LEFT JOIN (
    SELECT payment.order_id, sum(refund.amount_fen) AS fen
    FROM payments_refund refund JOIN payments_payment payment ON payment.id = refund.payment_id
    WHERE payment.settles_order AND refund.status = 'succeeded' AND refund.reference = ''
    GROUP BY payment.order_id
) back ON back.order_id = bought.id
WHERE bought.paid_at IS NOT NULL AND bought.status NOT IN ('refunded', 'cancelled')
"""
