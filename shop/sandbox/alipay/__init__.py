"""Alipay: its one gateway, the payer, what is notified, refunds and bills."""
