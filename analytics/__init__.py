"""What happened, and who to talk to next."""
