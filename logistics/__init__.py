"""Where goods are and how they travel."""
