"""The only code that changes teams and their seats."""
