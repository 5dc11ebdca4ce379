"""Every change of an order: placing, confirming, cancelling, and its progress until it is completed."""
