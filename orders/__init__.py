"""Cart, checkout, payment and everything after it."""
