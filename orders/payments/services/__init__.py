"""What happens to payments: opening, confirming, closing, asking the gateway, refunding.

The gateway is only ever called between transactions; what it said is then applied in one, with the order locked first.
"""
