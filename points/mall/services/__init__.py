"""Everything that changes the points mall."""
