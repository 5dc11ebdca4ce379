"""The only code that changes distribution: who sells, to whom, and what it is worth."""
