"""Steps in a campaign's life, its budget, and who ceased to be a new member."""
