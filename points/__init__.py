"""What a member has earned."""
