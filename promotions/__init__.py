"""What a campaign grants."""
