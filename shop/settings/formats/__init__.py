"""How dates are written in the admin: short enough for a column of a list."""
